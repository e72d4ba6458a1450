/** Which page stands at which address; each page is a chunk of its own. */
import { Suspense, useEffect } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { session } from "../api/http";
import { Live } from "../api/live";
import { isMe, useMe } from "../api/queries";
import { Empty, Fault, Loading } from "../design/parts";
import { t } from "../texts";
import { Login, SetUp } from "./Door";
import { Shell } from "./Shell";
import { Toasts } from "./toasts";
import Home from "../pages/Home";
import { Boundary, lazily } from "../lib/lazily";

const Alerts = lazily(() => import("../pages/alerts/Alerts"));
const Rules = lazily(() => import("../pages/alerts/Rules"));
const Unit = lazily(() => import("../pages/unit/Unit"));
const Data = lazily(() => import("../pages/data/Data"));
const Jobs = lazily(() => import("../pages/Jobs"));
const Cohort = lazily(() => import("../pages/Cohort"));
const Admin = lazily(() => import("../pages/Admin"));
const Trials = lazily(() => import("../pages/trials/Trials"));
const Trial = lazily(() => import("../pages/trials/Trial"));
const Kinds = lazily(() => import("../pages/kinds/Kinds"));
const OneKind = lazily(() => import("../pages/kinds/Kind"));
const Twin = lazily(() => import("../pages/twin/Twin"));

export function App() {
  return (
    <Switch>
      <Route path="/login" component={Login} />
      <Route path="/setup" component={SetUp} />
      <Route>
        <Inside />
      </Route>
    </Switch>
  );
}

function Inside() {
  const me = useMe();
  const [where, go] = useLocation();
  useEffect(() => {
    session.onLost(() => go(`/login?lost&to=${encodeURIComponent(location.pathname)}`, { replace: true }));
  }, [go]);
  if (me.error && !me.data) return <div className="page"><Fault error={me.error} retry={() => void me.refetch()} /></div>;
  if (me.data && !isMe(me.data)) return <Redirect to={!me.data.ready ? "/setup" : where === "/" ? "/login" : `/login?to=${encodeURIComponent(where)}`} replace />;
  if (!me.data) return <div className="page"><Loading height={240} /></div>;
  session.remember(me.data.csrf);
  return (
    <Toasts>
      <Live>
        <Shell me={me.data}>
          <Boundary key={where}>
          <Suspense fallback={<div className="page"><Loading height={320} /></div>}>
            <Switch>
              <Route path="/" component={Home} />
              <Route path="/alerts/rules" component={Rules} />
              <Route path="/alerts/:id?" component={Alerts} />
              <Route path="/unit/:place?" component={Unit} />
              <Route path="/data" component={Data} />
              <Route path="/jobs" component={Jobs} />
              <Route path="/cohort" component={Cohort} />
              <Route path="/trials" component={Trials} />
              <Route path="/trials/:id">{({ id }) => <Trial key={id} id={id} />}</Route>
              <Route path="/kinds" component={Kinds} />
              <Route path="/kinds/:name">{({ name }) => <OneKind key={name} name={name} />}</Route>
              <Route path="/admin" component={Admin} />
              <Route path="/twins/:id/:tab?">{({ id, tab }) => <Twin key={id} id={id} tab={tab ?? "now"} />}</Route>
              <Route>
                <div className="page"><Empty title={t.lost.title}><p>{t.lost.text}</p></Empty></div>
              </Route>
            </Switch>
          </Suspense>
          </Boundary>
        </Shell>
      </Live>
    </Toasts>
  );
}

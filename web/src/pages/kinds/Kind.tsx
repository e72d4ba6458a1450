/** One kind: what it claims, what it is for, whether its twins have drifted, and the fits that this site made. */
import { useKind } from "../../api/queries";
import type { Kind } from "../../api/types";
import { Loaded } from "../../design/parts";
import { words } from "../../lib/units";
import { t } from "../../texts";
import { Claims, Credibility } from "./claims";
import { Drifted } from "./Drifted";
import { Fitted } from "./Fitted";
import "./kinds.css";

export default function OneKind({ name }: { name: string }) {
  const kind = useKind(name);
  return (
    <div className="page">
      <Loaded query={kind} height={400}>{(data) => <Whole kind={data} />}</Loaded>
    </div>
  );
}

function Whole({ kind }: { kind: Kind }) {
  return (
    <>
      <div className="page-head">
        <div>
          <h1>{words(kind.name)}</h1>
          <p className="sub">{kind.context_of_use.question} {t.kinds.version(kind.version)}.</p>
        </div>
      </div>
      <div className="of-kind">
        <div className="stack">
          {kind.capabilities.includes("Renewable") && <Fitted kind={kind.name} />}
          <Drifted kind={kind.name} />
          <Claims kind={kind} />
        </div>
        <Credibility kind={kind} />
      </div>
    </>
  );
}

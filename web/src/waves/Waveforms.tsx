/** A twin's waveforms, where a monitor sends some. */
import { Activity } from "lucide-react";
import { Suspense } from "react";
import { useWaveforms } from "../api/queries";
import { Card, Empty, Loaded, Loading } from "../design/parts";
import { t } from "../texts";
import { lazily } from "../lib/lazily";

const Monitor = lazily(() => import("./Monitor"));

export default function Waveforms({ twin, height }: { twin: string; height?: number }) {
  const channels = useWaveforms(twin);
  return (
    <Card title={t.waves.title} body={false}>
      <Loaded query={channels} height={360}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t.waves.none} icon={<Activity size={26} strokeWidth={1.5} aria-hidden />}><p>{t.waves.noneText}</p></Empty>
          ) : (
            <Suspense fallback={<Loading height={360} />}><Monitor twin={twin} channels={items} height={height} /></Suspense>
          )
        }
      </Loaded>
    </Card>
  );
}

/** A place for a file: dropped, or chosen by keyboard. */
import { Upload } from "lucide-react";
import { useId, useState, type DragEvent } from "react";
import { t } from "../../texts";

export function Drop({ onFile, busy, name }: { onFile: (file: File) => void; busy?: boolean; name?: string }) {
  const id = useId();
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer.files[0];
    if (file) onFile(file);
  };
  return (
    <label htmlFor={id} className="drop-zone" data-over={over} onDragOver={(e) => (e.preventDefault(), setOver(true))} onDragLeave={() => setOver(false)} onDrop={drop}>
      <Upload size={22} strokeWidth={1.6} aria-hidden />
      <span className="strong">{busy ? t.data.reading : name ? t.data.another(name) : t.data.drop}</span>
      <span className="small muted">{t.data.formats}</span>
      <input id={id} type="file" className="unseen" aria-label={t.data.choose} accept=".csv,.json,.gz,.txt,.tsv,.xes,.parquet" onChange={(e) => { const file = e.target.files?.[0]; if (file) onFile(file); e.target.value = ""; }} />
    </label>
  );
}

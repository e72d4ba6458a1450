/** A file for one purpose, chosen by mouse or keyboard, or dropped. */
import { FileText } from "lucide-react";
import { useId, useState } from "react";
import { t } from "../../texts";

export function FilePick({ label, hint, accept, file, onFile }: { label: string; hint: string; accept: string; file: File | null; onFile: (file: File) => void }) {
  const id = useId();
  const [over, setOver] = useState(false);
  return (
    <div className="field">
      <span className="label" id={`${id}-l`}>{label}</span>
      <label
        htmlFor={id}
        className="file-pick"
        data-over={over}
        onDragOver={(e) => (e.preventDefault(), setOver(true))}
        onDragLeave={() => setOver(false)}
        onDrop={(e) => {
          e.preventDefault();
          setOver(false);
          if (e.dataTransfer.files[0]) onFile(e.dataTransfer.files[0]);
        }}
      >
        <FileText size={18} strokeWidth={1.6} aria-hidden />
        <span className="clip">{file ? t.trials.another(file.name) : t.trials.choose(label.toLowerCase())}</span>
        <input id={id} type="file" className="unseen" accept={accept} aria-labelledby={`${id}-l`} aria-describedby={`${id}-h`} onChange={(e) => { if (e.target.files?.[0]) onFile(e.target.files[0]); e.target.value = ""; }} />
      </label>
      <span className="hint" id={`${id}-h`}>{hint}</span>
    </div>
  );
}

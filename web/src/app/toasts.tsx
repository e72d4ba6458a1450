/** Short words on what was done, or why not; read out, and gone after a while. */
import { createContext, useCallback, useContext, useState, type ReactNode } from "react";
import { Problem } from "../api/http";
import { sentence } from "../design/parts";

interface Toast {
  id: number;
  text: string;
  tone: "good" | "bad";
}
const Context = createContext<(text: string, tone?: Toast["tone"]) => void>(() => undefined);
export const useToast = () => useContext(Context);
export const reasonOf = (error: unknown) => (error instanceof Problem ? `${sentence(error.detail)} ${error.fix ? sentence(error.fix) : ""}` : String(error));

let last = 0;

export function Toasts({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const tell = useCallback((text: string, tone: Toast["tone"] = "good") => {
    const id = ++last;
    setToasts((before) => [...before.slice(-2), { id, text, tone }]);
    setTimeout(() => setToasts((before) => before.filter((toast) => toast.id !== id)), tone === "bad" ? 9000 : 4500);
  }, []);
  return (
    <Context.Provider value={tell}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {toasts.map((toast) => (
          <div key={toast.id} className={`toast ${toast.tone}`}>
            {toast.text}
          </div>
        ))}
      </div>
    </Context.Provider>
  );
}

/** Whose time is shown: the subject's, one's own, or UTC. */
import { useSettings } from "../app/settings";

export function useZone(subject: string | undefined): string {
  const { settings } = useSettings();
  if (settings.zone === "UTC") return "UTC";
  if (settings.zone === "mine") return Intl.DateTimeFormat().resolvedOptions().timeZone;
  return subject ?? "UTC";
}

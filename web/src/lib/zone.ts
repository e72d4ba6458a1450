/** Whose time is shown: the subject's, one's own, or UTC. */
import { useSettings } from "../app/settings";

export function useZone(subject: string | undefined): string {
  return useZones()(subject);
}

/** The same for many subjects. */
export function useZones(): (subject: string | undefined) => string {
  const { settings } = useSettings();
  const mine = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (subject) => (settings.zone === "UTC" ? "UTC" : settings.zone === "mine" ? mine : (subject ?? mine));
}

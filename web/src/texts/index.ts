/** Every text of the client, one file a page, for translation. What the server says (names, reasons, fixes) comes as it is. */
import { admin } from "./admin";
import { alerts } from "./alerts";
import { chart } from "./chart";
import { cohort } from "./cohort";
import { data } from "./data";
import { home } from "./home";
import { jobs } from "./jobs";
import { panels } from "./panels";
import { shell } from "./shell";
import { tour } from "./tour";
import { trust } from "./trust";
import { twin } from "./twin";
import { whatif } from "./whatif";
import { why } from "./why";

export const t = { ...shell, home, alerts, twin, whatif, why, trust, data, jobs, cohort, admin, panels, tour, chart } as const;

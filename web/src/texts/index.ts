/** Every text of the client, one file a page, for translation. What the server says (names, reasons, fixes) comes as it is. */
import { admin } from "./admin";
import { alerts } from "./alerts";
import { chart } from "./chart";
import { cohort } from "./cohort";
import { data } from "./data";
import { heart3d } from "./heart3d";
import { home } from "./home";
import { jobs } from "./jobs";
import { kinds } from "./kinds";
import { loops } from "./loops";
import { ecg } from "./ecg";
import { months } from "./months";
import { panels } from "./panels";
import { rules } from "./rules";
import { shell } from "./shell";
import { stimulation } from "./stimulation";
import { tour } from "./tour";
import { trials } from "./trials";
import { trust } from "./trust";
import { twin } from "./twin";
import { unit } from "./unit";
import { waves } from "./waves";
import { whatif } from "./whatif";
import { why } from "./why";

export const t = { ...shell, home, alerts, rules, twin, whatif, why, trust, trials, data, jobs, kinds, cohort, admin, panels, months, loops, ecg, heart3d, stimulation, tour, chart, waves, unit } as const;

"""Evidence of the slow layer: closed forms, trials, a virtual cohort."""

"""Questions over many twins: trials, covariate adjustment, a staffed unit of patients."""

"""A unit of patients who may crash and the nurses who come: crashes tonight, response times, one more nurse."""

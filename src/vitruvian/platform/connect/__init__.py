"""Connections to other systems, one file a source. What a sensor export holds is read, or kept aside and listed."""

from vitruvian.platform.connect.exports import Export, Import, how, read
from vitruvian.platform.connect.items import Event, Reading
from vitruvian.platform.connect.report import Report

__all__ = ["Event", "Export", "Import", "Reading", "Report", "how", "read"]

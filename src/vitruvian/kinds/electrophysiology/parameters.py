"""What differs between two hearts of one shape, each with its prior and where the prior comes from."""

from __future__ import annotations

from vitruvian.core.parameter import Parameter
from vitruvian.core.prior import LogNormal, Normal

DURRER = "Durrer et al., Circulation 1970;41:899: first spots within 5 ms of each other; spread assumed"
TAGGART = "Taggart et al., J Mol Cell Cardiol 2000;32:621: 0.65 along, 0.4 to 0.5 across sheets in vivo; spread assumed"
PARAMETERS = (
    Parameter("cv", "m/s", LogNormal.around(0.6, 0.12), TAGGART, "speed of a front along fibres"),
    Parameter("ratio", "1", LogNormal.around(0.4, 0.12), "0.24 / 0.6 m/s; spread assumed", "across over along"),
    Parameter("fast", "1", LogNormal.around(2.5, 0.2), "2 to 3, assumed", "speed under the endocardia over elsewhere"),
    Parameter("pr", "ms", LogNormal.around(185.0, 0.1), "PR interval of ESC CRT cohorts, 170 to 200; assumed",
              "atrium to the first breakthrough"),
    Parameter("anterior", "ms", Normal(0.0, 4.0), DURRER, "anterior fascicle after the septal one"),
    Parameter("posterior", "ms", Normal(2.0, 4.0), DURRER, "posterior fascicle after the septal one"),
    Parameter("right", "ms", Normal(7.0, 4.0), DURRER, "right bundle after the left"),
    Parameter("amplitude", "1", LogNormal.around(1.0, 0.3), "body size, lungs; assumed", "size of all leads"),
    Parameter("tilt", "deg", Normal(-20.0, 8.0), "assumed, so that a normal QRS axis is well inside the normal range",
              "turned clockwise in the frontal plane"),
    Parameter("apd", "ms", LogNormal.around(300.0, 0.06), "TP06, 1 Hz; spread assumed", "duration, mid wall"),
    Parameter("apex_base", "ms", Normal(15.0, 8.0), "assumed, by the T wave it makes", "longer at base than apex"),
    Parameter("transmural", "ms", Normal(-25.0, 8.0), "Opthof et al., Heart Rhythm 2007;4:341 sign; size assumed",
              "longer at the epicardium than inside: negative"),
)  # fmt: skip

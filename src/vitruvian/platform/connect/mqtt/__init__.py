"""MQTT 5: wearables and bedside devices, their data points checked, stored and acknowledged."""

from vitruvian.platform.connect.mqtt.intake import Gateway
from vitruvian.platform.connect.mqtt.subscriber import Broker, subscribe

__all__ = ["Broker", "Gateway", "subscribe"]

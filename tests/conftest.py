"""Set before any test imports an engine: this project sends nothing to anybody."""

import os

# onnxruntime starts an uploader on import unless this is set.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

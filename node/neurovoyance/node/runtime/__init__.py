"""Engines that execute models, each in a confined child process that serves one execution.

Start with ``base`` (the interface every runtime keeps) and ``onnx_`` (the runtime for ONNX). This
package is the only one that may import onnxruntime, and only ``child`` and ``session`` do, in the
child process. Import from the modules; nothing is re-exported, so that the child stays small.
"""

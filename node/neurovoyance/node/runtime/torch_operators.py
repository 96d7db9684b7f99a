"""The operators that a torch program may call: pure functions of tensors and numbers.

Place: read by ``torch_format`` (the check), ``torch_program`` (the calls) and ``torch_export``.
Names are ``operator.overload`` of torch's own library ``aten``. Left out on purpose: operators that
write in place, read files, draw random numbers, or give a tensor other strides over the same
memory. Never: add one that is not a function of its arguments alone.
"""

from __future__ import annotations

from typing import Final

# fmt: off
_DEFAULT: Final = (
    "_softmax", "abs", "acos", "addmm", "alias", "all", "amax", "amin", "any", "arange",
    "argmax", "asin", "atan", "avg_pool1d", "avg_pool2d", "batch_norm", "baddbmm",
    "bitwise_not", "bmm", "cat", "ceil", "chunk", "clamp", "clone", "constant_pad_nd",
    "contiguous", "conv1d", "conv2d", "conv_transpose1d", "cos", "cosh", "cumsum", "detach",
    "elu", "embedding", "erf", "erfc", "exp", "exp2", "expand", "expm1", "floor", "full",
    "full_like", "gather", "gelu", "glu", "group_norm", "hardsigmoid", "hardswish",
    "hardtanh", "index_select", "isinf", "isnan", "layer_norm", "leaky_relu",
    "lift_fresh_copy", "linear", "log", "log10", "log1p", "log2", "logical_and",
    "logical_not", "logical_or", "masked_select", "matmul", "max", "max_pool1d", "max_pool2d",
    "maximum", "mean", "min", "minimum", "mish", "mm", "native_layer_norm", "neg", "ones",
    "ones_like", "pad", "permute", "pixel_shuffle", "prelu", "reciprocal", "relu", "relu6",
    "repeat", "reshape", "rms_norm", "roll", "round", "rsqrt", "scaled_dot_product_attention",
    "selu", "sigmoid", "sign", "silu", "sin", "sinh", "softplus", "sqrt", "square", "stack",
    "sum", "tan", "tanh", "tril", "triu", "trunc", "unsqueeze", "var", "view", "where",
    "zeros", "zeros_like", "_local_scalar_dense", "adaptive_avg_pool1d",
    "adaptive_avg_pool2d", "squeeze", "t", "_safe_softmax", "adaptive_max_pool1d",
    "adaptive_max_pool2d", "mv", "dot",
)
_OVERLOADS: Final = (
    "add.Tensor", "add.Scalar", "sub.Tensor", "sub.Scalar", "mul.Tensor", "mul.Scalar",
    "div.Tensor", "div.Scalar", "div.Tensor_mode", "rsub.Scalar", "rsub.Tensor",
    "pow.Tensor_Scalar", "pow.Tensor_Tensor", "pow.Scalar", "remainder.Scalar",
    "floor_divide.default", "eq.Scalar", "eq.Tensor", "ne.Scalar", "ne.Tensor", "lt.Scalar",
    "lt.Tensor", "le.Scalar", "le.Tensor", "gt.Scalar", "gt.Tensor", "ge.Scalar", "ge.Tensor",
    "bitwise_and.Tensor", "bitwise_or.Tensor", "where.self", "where.ScalarOther",
    "where.ScalarSelf", "where.Scalar", "masked_fill.Scalar", "masked_fill.Tensor",
    "sum.dim_IntList", "mean.dim", "max.dim", "min.dim", "max.other", "min.other",
    "amax.default", "any.dim", "all.dim", "var.dim", "var.correction", "std.dim",
    "std.correction", "linalg_vector_norm.default", "softmax.int", "log_softmax.int",
    "transpose.int", "permute.default", "select.int", "slice.Tensor", "split.Tensor",
    "split_with_sizes.default", "squeeze.dim", "squeeze.dims", "unflatten.int",
    "flatten.using_ints", "index.Tensor", "full.default", "arange.start", "arange.start_step",
    "to.dtype", "_to_copy.default", "type_as.default", "clamp.Tensor", "clamp_min.default",
    "clamp_max.default", "conv2d.padding", "conv1d.padding", "conv_transpose2d.input",
    "convolution.default", "lstm.input", "gru.input", "rnn_tanh.input",
    "max_pool2d_with_indices.default", "upsample_nearest2d.vec", "upsample_bilinear2d.vec",
    "repeat_interleave.self_int", "expand_as.default", "sym_size.int", "topk.default",
)
# fmt: on
_NUMBERS: Final = ("add", "sub", "mul", "floordiv", "mod", "neg")

GET_ITEM: Final = "getitem"
"""One of several results of an operator."""

NUMBER_OPERATORS: Final = frozenset(f"number.{name}" for name in _NUMBERS)
"""Arithmetic on sizes."""

OPERATORS: Final = frozenset(
    {GET_ITEM, *NUMBER_OPERATORS, *_OVERLOADS, *(f"{name}.default" for name in _DEFAULT)}
)
"""Every accepted operator."""

OUTPUT_AXIS: Final = {
    "linear.default": 0, "conv1d.default": 0, "conv2d.default": 0, "conv_transpose1d.default": 1,
    "conv_transpose2d.input": 1, "matmul.default": -1, "mm.default": -1, "addmm.default": -1,
    "bmm.default": -1,
}  # fmt: skip
"""Axis of the output channels of a weight, by the operator that takes it."""

MUST_BE_OFF: Final = {
    "batch_norm.default": (5, "training"),
    "gru.input": (6, "train"),
    "lstm.input": (6, "train"),
    "rnn_tanh.input": (6, "train"),
    "scaled_dot_product_attention.default": (4, "dropout_p"),
}
"""Arguments, by position and name, that would make an operator draw numbers or change weights."""

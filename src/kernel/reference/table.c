#include "kernel/reference/reference.h"

void az_reference_fill(struct az_kernels *kernels)
{
    *kernels = (struct az_kernels){
        .isa = AZ_ISA_REFERENCE,
        .name = az_isa_name(AZ_ISA_REFERENCE),
        .product_bf16 = az_reference_product_bf16,
        .product_f32 = az_reference_product_f32,
        .pack_b = az_reference_pack_b,
        .pack_b_transposed = az_reference_pack_b_transposed,
        .pack_b_f32 = az_reference_pack_b_f32,
        .pack_b_f32_transposed = az_reference_pack_b_f32_transposed,
        .transpose_bf16 = az_reference_transpose_bf16,
        .transpose_f32 = az_reference_transpose_f32,
        .widen = az_reference_widen,
        .narrow = az_reference_narrow,
        .add = az_reference_add,
        .scale = az_reference_scale,
        .add_row = az_reference_add_row,
        .sum_rows = az_reference_sum_rows,
        .gelu = az_reference_gelu,
        .gelu_backward = az_reference_gelu_backward,
        .exponential = az_reference_exponential,
        .layernorm = az_reference_layernorm,
        .layernorm_backward = az_reference_layernorm_backward,
        .softmax_exponentials = az_reference_softmax_exponentials,
        .softmax_exponentials_bf16 = az_reference_softmax_exponentials_bf16,
        .softmax_apply = az_reference_softmax_apply,
        .softmax_backward = az_reference_softmax_backward,
        .scale_pair = az_reference_scale_pair,
        .sum_squares = az_reference_sum_squares,
        .adamw = {[AZ_ARITHMETIC_F32] = az_reference_adamw_f32,
                  [AZ_ARITHMETIC_BF16] = az_reference_adamw_bf16,
                  [AZ_ARITHMETIC_BF16_FOREACH] = az_reference_adamw_bf16, /* other scalars */
                  [AZ_ARITHMETIC_BF16_LEGACY] = az_reference_adamw_bf16_legacy,
                  [AZ_ARITHMETIC_BF16_FUSED] = az_reference_adamw_bf16_fused,
                  [AZ_ARITHMETIC_MASTER] = az_reference_adamw_master},
    };
}

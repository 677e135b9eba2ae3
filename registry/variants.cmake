# The ladders, one line a variant: its file name, then the dtypes it is instantiated for. Reading order is ladder order.
# For every line a translation unit or two are generated from kernels/<family>/<variant>.h, once for nvcc (where there is a CUDA toolkit) and
# once for the emulator.

#                 variant          dtypes
pointwise_variant(naive_atomic     f32)
pointwise_variant(shared_tree      f32)
pointwise_variant(warp_shuffle     f32)
pointwise_variant(vectorized       f32 f64 f16 bf16)
pointwise_variant(single_pass      f32 f64 f16 bf16)
pointwise_variant(compensated      f32 f64 f16 bf16)
pointwise_variant(elementwise      f32 f64 f16 bf16)
pointwise_variant(map_then_reduce  f32)
pointwise_variant(fused            f32 f64 f16 bf16)

rows_variant(block_rows            f32)
rows_variant(warp_rows             f32)
rows_variant(vector_rows           f32 f64 f16 bf16)
rows_variant(register_rows         f32 f64 f16 bf16)
rows_variant(split_rows            f32 f64 f16 bf16)

boxes_variant(thread_per_box       f32)
boxes_variant(vector_boxes         f32 f64 f16 bf16)

tensors_variant(tensor_by_tensor   f32)
tensors_variant(all_tensors        f32 f64 f16 bf16)

rowwise_variant(three_pass         f32 f64 f16 bf16)
rowwise_variant(online             f32 f64 f16 bf16 f8_e4m3 f8_e5m2)
rowwise_variant(warp_per_row       f32 f64 f16 bf16)
rowwise_variant(rows_per_block     f32 f64 f16 bf16 f8_e4m3 f8_e5m2)
rowwise_variant(vectorized_online  f32 f64 f16 bf16 f8_e4m3 f8_e5m2)
rowwise_variant(shared_row         f32 f64 f16 bf16)
rowwise_variant(cluster            f32 f64 f16 bf16)
rowwise_variant(bulk_copy          f32 f64 f16 bf16)
rowwise_variant(split_row          f32 f64 f16 bf16 f8_e4m3 f8_e5m2)
rowwise_variant(positions          f32 f64 f16 bf16)
rowwise_variant(gather_label       f32 f64 f16 bf16)
rowwise_variant(row_count          f32 f64 f16 bf16 i32 i64)

detection_variant(all_parts        f32 f64 f16 bf16)
detection_variant(tiled_priors     f32 f64 f16 bf16)
detection_variant(radix_mining     f32 f64 f16 bf16)
pose_variant(all_stages            f32 f64 f16 bf16)
detection_variant(unfused          f32 f64 f16 bf16)

package modelc.backend.llvm;

/**
 * What code is generated for, as LLVM names it.
 *
 * @param triple e.g. {@code x86_64-unknown-linux-gnu}, {@code nvptx64-nvidia-cuda}
 * @param cpu e.g. {@code x86-64-v3}, {@code sm_90}
 * @param features LLVM's list of features beside those of {@code cpu}, e.g. {@code +avx2,+fma}
 */
public record LlvmTarget(String triple, String cpu, String features) {}

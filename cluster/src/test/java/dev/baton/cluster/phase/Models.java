package dev.baton.cluster.phase;

/** Published models, in 16 bits. */
final class Models {
  static final ModelSpec LLAMA_2_70B = model("llama2-70b", 80, 8192, 64, 8, 28672, 32000);
  static final ModelSpec LLAMA_31_70B = model("llama-3.1-70b", 80, 8192, 64, 8, 28672, 128256);
  static final ModelSpec LLAMA_31_8B = model("llama-3.1-8b", 32, 4096, 32, 8, 14336, 128256);

  /**
   * BLOOM's feed-forward layer has two matrices of width 57344: as many weights as three of this.
   */
  static final ModelSpec BLOOM_176B = model("bloom-176b", 70, 14336, 112, 112, 38229, 250880);

  private Models() {}

  private static ModelSpec model(
      String name,
      int layers,
      int hidden,
      int heads,
      int kvHeads,
      int feedForward,
      int vocabulary) {
    int headSize = 128;
    return new ModelSpec(
        name,
        layers,
        hidden,
        heads,
        kvHeads,
        headSize,
        feedForward,
        vocabulary,
        2,
        ModelSpec.kvBytes(layers, kvHeads, headSize, 2));
  }
}

public import Generation

extension Configuration {
  /// How many patches a frame of this size has: the tokens that a stream of frames is counted in.
  public func patches(width: Int, height: Int) -> Int {
    ((width + patch - 1) / patch) * ((height + patch - 1) / patch)
  }

  /// The floating-point operations in one frame's matrix products, a multiplication and an addition
  /// each: linear maps and attention. What any way of drawing the frame must do.
  ///
  /// Placing recalled keys and values, norms and softmax are not in it: they can be made to vanish
  /// beside it.
  public func work(width: Int, height: Int, contexts: Int, steps: Int = 1) -> Double {
    let patches = patches(width: width, height: height)
    let tokens = patches + registers
    let keys = tokens * (contexts + 1) + 1
    let attention = self.width * headWidth * 2 * (heads + keyValueHeads)
    let maps = layers * (attention + 3 * self.width * hidden)
    let ends = patches * self.width * (6 * patch * patch + paint)
    let pairs = layers * 2 * heads * headWidth * tokens * keys
    return 2 * Double(steps) * (Double(tokens) * Double(maps) + Double(ends) + Double(pairs))
  }
}

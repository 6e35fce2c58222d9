public import Generation
import Scene

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

extension FrameModel {
  /// How many patches a frame of this size is drawn in, tile by tile where it is larger than one.
  public func patches(width: Int, height: Int) -> Int {
    let tiles = drawings(width: width, height: height, contexts: 0)[0]
    return tiles.count * configuration.patches(width: tiles.width, height: tiles.height)
  }

  /// The floating-point operations in a frame's matrix products, as `Configuration.work` counts them,
  /// over all its tiles and the whole of it.
  public func work(width: Int, height: Int, contexts: Int, steps: Int = 1) -> Double {
    drawings(width: width, height: height, contexts: contexts).reduce(0) {
      let work = configuration.work(
        width: $1.width, height: $1.height, contexts: $1.contexts, steps: steps)
      return $0 + Double($1.count) * work
    }
  }

  /// What is drawn at once for a frame of this size, how often, and from how many contexts.
  private func drawings(width: Int, height: Int, contexts: Int)
    -> [(count: Int, width: Int, height: Int, contexts: Int)]
  {
    guard let tile, let tiling = Tiling(width: width, height: height, side: tile) else {
      return [(1, width, height, contexts)]
    }
    let whole = tiling.reducedSize
    return [
      (
        tiling.count, tiling.tileWidth, tiling.tileHeight, Self.tileCount(contexts: contexts)
      ),
      (1, whole.width, whole.height, contexts),
    ]
  }
}

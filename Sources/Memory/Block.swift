/// Eight numbers at a time: the unit that all weights are computed in.
///
/// Built of comparisons and replacements, which stay in vector registers; `pointwiseMin` and the
/// like go one lane at a time.
typealias Block = SIMD8<Float>

extension Block {
  /// The lanes as they are where `x` is positive, 0 elsewhere.
  @inline(__always) func kept(where x: Block) -> Block {
    Block.zero.replacing(with: self, where: x .> 0)
  }

  /// Negative lanes replaced by 0.
  @inline(__always) var positive: Block { kept(where: self) }

  /// The lanes limited to 0...1.
  @inline(__always) var unit: Block { atMost(.one).positive }

  /// The smaller of two, lane by lane.
  @inline(__always) func atMost(_ b: Block) -> Block { replacing(with: b, where: b .< self) }

  /// The larger of two, lane by lane.
  @inline(__always) func atLeast(_ b: Block) -> Block { replacing(with: b, where: b .> self) }

  /// Which of `count` cells, at most 16, each lane's 0...1 falls in; some cell for any number at all.
  @inline(__always) func cell(of count: Int) -> SIMD8<Int32> {
    // Added to 2²³, a number is rounded and its last bits are the integer.
    let middle = (self * Float(count) - 0.5).atMost(Block(repeating: Float(count - 1))).positive
    return unsafeBitCast(middle + 8_388_608, to: SIMD8<Int32>.self) & 15
  }

  @inline(__always) static var one: Block { Block(repeating: 1) }
}

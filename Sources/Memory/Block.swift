/// Eight numbers at a time: the unit that all weights are computed in.
///
/// The standard library's lane-wise minima and selections go one lane at a time; these stay in
/// vector registers.
typealias Block = SIMD8<Float>

extension Block {
  private var bits: SIMD8<Int32> { unsafeBitCast(self, to: SIMD8<Int32>.self) }

  /// The lanes as they are where `x` is positive, 0 elsewhere.
  @inline(__always) func kept(where x: Block) -> Block {
    unsafeBitCast(bits & ~(x.bits &>> 31), to: Block.self)
  }

  /// Negative lanes replaced by 0.
  @inline(__always) var positive: Block { kept(where: self) }

  /// The lanes limited to 0...1.
  @inline(__always) var unit: Block { atMost(.one).positive }

  @inline(__always) func atMost(_ b: Block) -> Block { self - (self - b).positive }

  @inline(__always) func atLeast(_ b: Block) -> Block { self + (b - self).positive }

  @inline(__always) static var one: Block { Block(repeating: 1) }
}

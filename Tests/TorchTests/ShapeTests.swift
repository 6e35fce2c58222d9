import TestSupport
import Testing
import Torch

@Suite struct ShapeTests {
  let a = Plain(random: [2, 3, 4])

  @Test func reshapesInRowMajorOrder() {
    expectSame(a.tensor.reshaped(4, -1), a.reshaped([4, 6]))
    expectSame(a.tensor.reshaped([24]), a.reshaped([24]))
    expectSame(a.tensor.reshaped(2, 1, 12), a.reshaped([2, 1, 12]))
  }

  @Test func movesAxes() {
    expectSame(a.tensor.permuted(2, 0, 1), Plain([4, 2, 3]) { a[$0[1], $0[2], $0[0]] })
    expectSame(a.tensor.transposed(0, -1), Plain([4, 3, 2]) { a[$0[2], $0[1], $0[0]] })
    expectSame(a.tensor.transposed(1, 2).contiguous(), Plain([2, 4, 3]) { a[$0[0], $0[2], $0[1]] })
  }

  @Test func repeatsAxesOfLengthOne() {
    let row = Plain(random: [1, 3])
    expectSame(row.tensor.expanded(4, 3), Plain([4, 3]) { row[0, $0[1]] })
    expectSame(row.tensor.expanded(2, 4, -1), Plain([2, 4, 3]) { row[0, $0[2]] })
  }

  @Test(arguments: [(0, 1..<2), (1, 0..<2), (2, 1..<4), (-1, 3..<4), (1, 2..<2)])
  func narrowsAnAxis(axis: Int, range: Range<Int>) {
    let axis0 = axis < 0 ? axis + 3 : axis
    var shape = a.shape
    shape[axis0] = range.count
    expectSame(
      a.tensor.narrowed(axis, range),
      Plain(shape) { index in
        var index = index
        index[axis0] += range.lowerBound
        return a[index]
      })
  }

  @Test func takesNamedRows() {
    expectSame(
      a.tensor.rows(Tensor([2, 0, 2]), axis: 1),
      Plain([2, 3, 4]) { a[$0[0], [2, 0, 2][$0[1]], $0[2]] })
    expectSame(a.tensor.rows(Tensor([1])), Plain([1, 3, 4]) { a[1, $0[1], $0[2]] })
  }

  @Test(arguments: [(0, [1, 1]), (1, [2, 1]), (2, [1, 0, 3]), (-1, [4]), (-2, [1, 1, 1])])
  func splittingThenConcatenatingGivesTheSame(axis: Int, sizes: [Int]) {
    let parts = a.tensor.split(sizes, axis: axis)
    #expect(parts.map { $0.shape[axis < 0 ? axis + 3 : axis] } == sizes)
    expectSame(.concatenated(parts, axis: axis), a)
    var start = 0
    for (part, size) in zip(parts, sizes) {
      #expect(part.doubles == a.tensor.narrowed(axis, start..<start + size).doubles)
      start += size
    }
  }

  @Test(arguments: [0, 1, -1]) func equalPartsAreStackedBack(axis: Int) {
    let axis0 = axis < 0 ? axis + 3 : axis
    let parts = a.tensor.split(a.shape[axis0], axis: axis)
    var shape = a.shape
    shape.remove(at: axis0)
    expectSame(.stacked(parts.map { $0.reshaped(shape) }, axis: axis0), a)
  }

  @Test func aCopyHasStorageOfItsOwn() {
    let t = a.tensor
    let (view, copy) = (t.narrowed(0, 0..<1), t.copy())
    t.fill(5)
    #expect(Set(view.doubles) == [5])
    expectSame(copy, a)
  }
}

@Suite struct TensorTests {
  @Test func knowsWhatItIs() {
    let t = Tensor(empty: [2, 0, 3], type: .bfloat16)
    #expect(t.shape == [2, 0, 3] && t.rank == 3 && t.count == 0)
    #expect(t.type == .bfloat16 && t.device == .cpu && t.floats.isEmpty && t.bytes.isEmpty)
    #expect(t.description == "Tensor([2, 0, 3] bfloat16 cpu)")
    #expect(Tensor(repeating: 3.5, shape: []).item == 3.5)
    #expect(Tensor(repeating: 3.5, shape: []).shape == [])
  }

  @Test func isMadeOfWhatItWasGiven() {
    #expect(Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]).floats == [1, 2, 3, 4, 5, 6])
    #expect(Tensor([7, -8, 1 << 40]).doubles == [7, -8, 1_099_511_627_776])
    #expect(Tensor([7, -8]).type == .int64)
    #expect(Tensor.arange(4).floats == [0, 1, 2, 3])
    #expect(Tensor.zeros([2, 2], type: .int32).doubles == [0, 0, 0, 0])
    #expect(Tensor(repeating: 1, shape: [2], type: .bool).bytes == [1, 1])
    #expect(Tensor(repeating: 258, shape: [1], type: .int32).bytes == [2, 1, 0, 0])
  }

  @Test func readsValuesInRowMajorOrderWhateverTheirLayout() {
    let t = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]).transposed(0, 1)
    #expect(t.floats == [1, 4, 2, 5, 3, 6])
    #expect(t.bytes == t.contiguous().bytes)
  }

  @Test func lendsItsFloatsForWriting() {
    let t = Tensor.zeros([3])
    t.withFloats { $0[1] = 4 }
    #expect(t.floats == [0, 4, 0])
  }

  @Test(arguments: [0, 1, -1.5, 1 / 3, 65504, 1e-5, 0.1, 2049, 1e-8] as [Double])
  func convertsAsSwiftRounds(value: Double) {
    Runtime.flushDenormals(false)  // what ran on this thread before may have asked for it
    let t = Tensor(doubles: [value], shape: [1])
    #expect(t.to(.float32).item == Double(Float(value)))
    let float32 = t.to(.float32)
    #expect(float32.to(.bfloat16).item == Double(Self.bfloat16(Float(value))))
    #if !(os(macOS) && arch(x86_64))
      #expect(float32.to(.float16).item == Double(Float16(Float(value))))
    #endif
    #expect(t.to(.int64).item == value.rounded(.towardZero))
    #expect(t.to(.bool).item == (value == 0 ? 0 : 1))
  }

  /// The nearest number with 8 bits of significand, ties to even.
  private static func bfloat16(_ x: Float) -> Float {
    let bits = x.bitPattern
    let rounded = bits &+ 0x7FFF &+ (bits >> 16 & 1)
    return Float(bitPattern: rounded & 0xFFFF_0000)
  }
}

private func expectSame(
  _ tensor: Tensor, _ plain: Plain, at location: SourceLocation = #_sourceLocation
) {
  #expect(tensor.shape == plain.shape, sourceLocation: location)
  #expect(tensor.doubles == plain.values, sourceLocation: location)
}

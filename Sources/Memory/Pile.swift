/// An array that only grows, in pieces that never move.
///
/// An `Array` of a million rows copies them all when it is full, which a frame would feel; and a
/// copy of this value copies no more than the piece that is then written.
struct Pile<Element> {
  private var pieces: [[Element]] = []
  private(set) var count = 0

  private static var bits: Int { 10 }
  private static var size: Int { 1 << bits }

  mutating func append(_ element: Element) {
    if count == pieces.count << Self.bits {
      pieces.append([])
      pieces[pieces.count - 1].reserveCapacity(Self.size)
    }
    pieces[pieces.count - 1].append(element)
    count += 1
  }

  subscript(i: Int) -> Element {
    @inline(__always) get { pieces[i >> Self.bits][i & (Self.size - 1)] }
    @inline(__always) _modify { yield &pieces[i >> Self.bits][i & (Self.size - 1)] }
  }

  /// What the rows take, without what they refer to.
  var bytes: Int { pieces.count * Self.size * MemoryLayout<Element>.stride }
}

extension Pile: Sendable where Element: Sendable {}

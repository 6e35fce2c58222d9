import Scene

// A tree of many keyframes at once.
extension PoseTree {
  /// So many children, or keyframes in a leaf: there is room for a quarter more before a split.
  private static let filling = 12

  /// A tree of keyframes 0..<count: all of them are cut in two along their longest extent, again and
  /// again, until a leaf has room for what is left.
  ///
  /// Ten times as fast as inserting one after the other, and its boxes overlap less, since every cut
  /// is made with all keyframes in view (top-down packing; the idea is Leutenegger's sort-tile-recursive,
  /// ICDE 1997, with the side to sort by chosen anew for each cut).
  ///
  /// - Parameter boxOf: the box of a keyframe.
  init(packing count: Int, boxOf: (Int32) -> Box) {
    guard count > 0 else { return }
    let boxes = (0..<Int32(count)).map(boxOf)
    var items = boxes.indices.map { Item(Int32($0), boxes[$0]) }
    var height = 0
    while Self.capacity(height) < count { height += 1 }
    root = items.withUnsafeMutableBufferPointer { items in
      boxes.withUnsafeBufferPointer { pack(items, height: height, $0) }
    }
  }

  /// The most keyframes below a node of a height, 0 for a leaf.
  private static func capacity(_ height: Int) -> Int {
    (0...height).reduce(1) { product, _ in product * filling }
  }

  /// Makes a node of a height above some keyframes.
  private mutating func pack(
    _ items: UnsafeMutableBufferPointer<Item>, height: Int, _ boxes: UnsafeBufferPointer<Box>
  ) -> Int32 {
    if height == 0 {
      var box = boxes[Int(items[0].keyframe)]
      for item in items.dropFirst() { box.formUnion(boxes[Int(item.keyframe)]) }
      return add(box, Family(items.map(\.keyframe), isLeaf: true))
    }
    let room = Self.capacity(height - 1)
    var children: [Int32] = []
    Self.cut(items, into: (items.count + room - 1) / room) { part in
      children.append(pack(part, height: height - 1, boxes))
    }
    let whole = children.dropFirst().reduce(box(of: children[0])) { $0.union(box(of: $1)) }
    return add(whole, Family(children, isLeaf: false))
  }

  /// Calls `body` with so many parts, about as many keyframes in each, each cut along its longest side.
  private static func cut(
    _ items: UnsafeMutableBufferPointer<Item>, into parts: Int,
    _ body: (UnsafeMutableBufferPointer<Item>) -> Void
  ) {
    guard parts > 1 else { return body(items) }
    let middle = items.count * (parts / 2) / parts
    Item.partition(items, at: middle, along: Item.longestSide(of: items))
    cut(.init(rebasing: items[..<middle]), into: parts / 2, body)
    cut(.init(rebasing: items[middle...]), into: parts - parts / 2, body)
  }
}

/// A keyframe as packing moves it about: 32 bytes, where it stands and looks in six lanes, its number in
/// the last.
private struct Item {
  private var lanes: Block

  init(_ keyframe: Int32, _ box: Box) {
    lanes = box.center
    lanes[7] = Float(bitPattern: UInt32(bitPattern: keyframe))
  }

  var keyframe: Int32 { Int32(bitPattern: lanes[7].bitPattern) }

  /// The one of the six along which items are farthest apart.
  static func longestSide(of items: UnsafeMutableBufferPointer<Item>) -> Int {
    var (low, high) = (items[0].lanes, items[0].lanes)
    for item in items {
      low = low.atMost(item.lanes)
      high = high.atLeast(item.lanes)
    }
    let extent = high - low
    return (0..<6).max { extent[$0] < extent[$1] }!
  }

  /// Moves items so that those before `middle` are no farther along a side than those from it on
  /// (Hoare's quickselect).
  static func partition(
    _ items: UnsafeMutableBufferPointer<Item>, at middle: Int, along side: Int
  ) {
    let numbers = UnsafeMutableRawBufferPointer(items).bindMemory(to: Float.self)
    func number(_ i: Int) -> Float { numbers[i * 8 + side] }
    var (first, last) = (0, items.count - 1)
    while first < last {
      let pivot = number(spot(in: first...last))
      var (i, k) = (first, last)
      while i <= k {
        while number(i) < pivot { i += 1 }
        while number(k) > pivot { k -= 1 }
        if i <= k {
          items.swapAt(i, k)
          (i, k) = (i + 1, k - 1)
        }
      }
      if middle <= k { last = k } else if middle >= i { first = i } else { return }
    }
  }

  /// Somewhere in a range, always the same: no order of keyframes makes all pivots bad.
  private static func spot(in range: ClosedRange<Int>) -> Int {
    let mixed = UInt64(range.lowerBound ^ range.upperBound << 20) &* 0x9E37_79B9_7F4A_7C15
    return range.lowerBound + Int(mixed >> 33) % range.count
  }
}

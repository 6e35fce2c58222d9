/// Items with a priority, the one of the highest always at hand.
struct Heap<Item> {
  private var items: [(priority: Float, item: Item)] = []

  var top: (priority: Float, item: Item)? { items.first }

  mutating func push(_ item: Item, _ priority: Float) {
    items.append((priority, item))
    var i = items.count - 1
    while i > 0, items[(i - 1) / 2].priority < items[i].priority {
      items.swapAt(i, (i - 1) / 2)
      i = (i - 1) / 2
    }
  }

  mutating func pop() -> (priority: Float, item: Item)? {
    guard let last = items.popLast() else { return nil }
    guard let first = items.first else { return last }
    items[0] = last
    sink()
    return first
  }

  private mutating func sink() {
    var i = 0
    while true {
      var child = 2 * i + 1
      guard child < items.count else { return }
      if child + 1 < items.count, items[child + 1].priority > items[child].priority { child += 1 }
      guard items[child].priority > items[i].priority else { return }
      items.swapAt(i, child)
      i = child
    }
  }
}

/// Things kept at hand up to a budget: what was asked for least recently goes first.
///
///     var cache = RecencyCache<KV>(budget: 512 << 20)
///     for (id, kv) in cache.insert(kv, for: 41, cost: kv.size) { … }  // what had to go
///     let kv = cache[41]                                              // counts as a use
///
/// All in constant time. Something that alone costs more than the budget is not kept at all.
public struct RecencyCache<Value> {
  private struct Node {
    var key: Int
    var value: Value
    var cost: Int
    var newer: Int?
    var older: Int?
  }

  public let budget: Int
  /// What everything in it costs together.
  public private(set) var cost = 0
  private var nodes: [Node?] = []
  private var free: [Int] = []
  private var places: [Int: Int] = [:]
  private var newest: Int?
  private var oldest: Int?

  public init(budget: Int) { self.budget = max(0, budget) }

  public var count: Int { places.count }

  /// The keys, the one used last first.
  public var keys: [Int] {
    var keys: [Int] = []
    var place = newest
    while let i = place {
      keys.append(nodes[i]!.key)
      place = nodes[i]!.older
    }
    return keys
  }

  /// Whether it is there; asking is no use of it.
  public func contains(_ key: Int) -> Bool { places[key] != nil }

  /// The value, which counts as used now.
  public subscript(key: Int) -> Value? {
    mutating get {
      guard let i = places[key] else { return nil }
      unlink(i)
      link(i)
      return nodes[i]!.value
    }
  }

  /// Keeps a value, and says what had to go for it, the least recently used first.
  @discardableResult
  public mutating func insert(_ value: Value, for key: Int, cost: Int) -> [(key: Int, value: Value)]
  {
    remove(key)
    guard cost <= budget else { return [(key, value)] }
    var evicted: [(key: Int, value: Value)] = []
    while self.cost + cost > budget, let last = oldest {
      let node = nodes[last]!
      evicted.append((node.key, node.value))
      remove(node.key)
    }
    let i = free.popLast() ?? nodes.endIndex
    let node = Node(key: key, value: value, cost: cost)
    if i == nodes.endIndex { nodes.append(node) } else { nodes[i] = node }
    places[key] = i
    self.cost += cost
    link(i)
    return evicted
  }

  @discardableResult
  public mutating func remove(_ key: Int) -> Value? {
    guard let i = places.removeValue(forKey: key) else { return nil }
    unlink(i)
    defer {
      nodes[i] = nil
      free.append(i)
    }
    cost -= nodes[i]!.cost
    return nodes[i]!.value
  }

  private mutating func unlink(_ i: Int) {
    let (newer, older) = (nodes[i]!.newer, nodes[i]!.older)
    if let newer { nodes[newer]!.older = older } else { newest = older }
    if let older { nodes[older]!.newer = newer } else { oldest = newer }
  }

  private mutating func link(_ i: Int) {
    (nodes[i]!.newer, nodes[i]!.older) = (nil, newest)
    if let newest { nodes[newest]!.newer = i } else { oldest = i }
    newest = i
  }
}

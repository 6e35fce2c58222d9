import Memory
import TestSupport
import Testing

@Suite struct RecencyCacheTests {
  @Test func whatWasUsedLeastRecentlyGoesFirst() {
    var cache = RecencyCache<String>(budget: 10)
    for (i, word) in ["a", "b", "c"].enumerated() { cache.insert(word, for: i, cost: 3) }
    #expect(cache[0] == "a")
    #expect(cache.insert("d", for: 3, cost: 5).map(\.value) == ["b", "c"])
    #expect(cache.keys == [3, 0] && cache.cost == 8)
    #expect(cache.insert("huge", for: 4, cost: 11).map(\.key) == [4])
    #expect(cache.keys == [3, 0])
  }

  /// Against a list that is searched and sorted the slow way.
  @Test(arguments: [0, 1, 7, 40]) func doesAsASlowListDoes(budget: Int) {
    var numbers = Numbers(seed: UInt64(budget))
    var cache = RecencyCache<Int>(budget: budget)
    var list: [(key: Int, value: Int, cost: Int)] = []
    for step in 0..<3000 {
      let (key, cost) = (Int(numbers.next() % 12), Int(numbers.next() % 9))
      switch numbers.next() % 4 {
      case 0:
        let i = list.firstIndex { $0.key == key }
        #expect(cache[key] == i.map { list[$0].value })
        if let i { list.append(list.remove(at: i)) }
      case 1:
        cache.remove(key)
        list.removeAll { $0.key == key }
      default:
        cache.insert(step, for: key, cost: cost)
        list.removeAll { $0.key == key }
        if cost <= budget {
          list.append((key, step, cost))
          while list.reduce(0, { $0 + $1.cost }) > budget { list.removeFirst() }
        }
      }
      #expect(cache.keys == list.reversed().map(\.key))
      #expect(cache.cost == list.reduce(0) { $0 + $1.cost } && cache.cost <= budget)
    }
  }
}

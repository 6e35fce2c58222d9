import Foundation
import Testing

@testable import Training

@Suite struct PrefetcherTests {
  @Test(arguments: [1, 2, 5], [1, 2, 8]) func deliversInOrder(threads: Int, ahead: Int) {
    let prefetcher = Prefetcher(from: 7, ahead: ahead, threads: threads) { i in
      usleep(UInt32(i * 7919 % 300))  // so that later items are often done first
      return i * i
    }
    #expect((0..<100).map { _ in prefetcher.next() } == (7..<107).map { $0 * $0 })
  }

  @Test func makesNoMoreThanItMayAhead() {
    let made = Counter()
    let prefetcher = Prefetcher(from: 0, ahead: 3, threads: 2) { _ in made.add(1) }
    _ = (prefetcher.next(), prefetcher.next())
    #expect(eventually { made.value == 5 })
    usleep(20_000)
    #expect(made.value == 5)
  }

  @Test func itsThreadsEndWithIt() {
    let alive = Counter()
    do {
      let prefetcher = Prefetcher(from: 0, ahead: 2, threads: 4) { [token = Token(alive)] i in
        withExtendedLifetime(token) { i }
      }
      _ = prefetcher.next()
      #expect(alive.value == 1)
    }
    #expect(eventually { alive.value == 0 }, "threads hold on to what they make items with")
  }

  private func eventually(_ condition: () -> Bool) -> Bool {
    for _ in 0..<2000 where !condition() { usleep(1000) }
    return condition()
  }
}

/// A number that several threads change.
private final class Counter: @unchecked Sendable {
  private let lock = NSLock()
  private var count = 0

  var value: Int { lock.withLock { count } }

  @discardableResult func add(_ n: Int) -> Int {
    lock.withLock {
      count += n
      return count
    }
  }
}

/// Counts itself while it lives.
private final class Token: Sendable {
  let counter: Counter

  init(_ counter: Counter) {
    self.counter = counter
    counter.add(1)
  }

  deinit { counter.add(-1) }
}

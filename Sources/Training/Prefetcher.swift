import Foundation

/// Makes items ahead of time on background threads and hands them out in order.
///
///     let shards = Prefetcher(from: 0, ahead: 4, threads: 1) { Shard(plan, step: $0, index: 0) }
///     shards.next()  // the item of index 0, then 1, ...
final class Prefetcher<Item: Sendable>: Sendable {
  private let state: State

  init(from start: Int, ahead: Int, threads: Int, make: @escaping @Sendable (Int) -> Item) {
    let state = State(start: start, ahead: ahead)
    self.state = state
    for _ in 0..<threads {
      let thread = Thread {
        while let index = state.claim() { state.deliver(make(index), at: index) }
      }
      thread.stackSize = 8 << 20
      thread.qualityOfService = .utility
      thread.start()
    }
  }

  deinit { state.stop() }

  /// The next item; waits until it is there.
  func next() -> Item { state.take() }

  /// What the threads share, under one lock.
  private final class State: @unchecked Sendable {
    private let lock = NSCondition()
    private let ahead: Int
    private var taken: Int
    private var claimed: Int
    private var ready: [Int: Item] = [:]
    private var stopped = false

    init(start: Int, ahead: Int) { (taken, claimed, self.ahead) = (start, start, ahead) }

    /// The index that a thread should make next; nil when there is nobody left to make it for.
    func claim() -> Int? {
      lock.withLock {
        while !stopped && claimed >= taken + ahead { lock.wait() }
        guard !stopped else { return nil }
        claimed += 1
        return claimed - 1
      }
    }

    func deliver(_ item: Item, at index: Int) {
      lock.withLock {
        ready[index] = item
        lock.broadcast()
      }
    }

    func take() -> Item {
      lock.withLock {
        while ready[taken] == nil { lock.wait() }
        let item = ready.removeValue(forKey: taken)!
        taken += 1
        lock.broadcast()
        return item
      }
    }

    func stop() {
      lock.withLock {
        stopped = true
        lock.broadcast()
      }
    }
  }
}

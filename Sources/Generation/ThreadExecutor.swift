import Foundation

/// Runs an actor's work on one thread of its own, off the cooperative pool.
///
/// A network's step takes long and has threads of its own; on the shared pool it would hold up
/// everything else. libtorch keeps its modes and its workers per thread, so the thread stays the
/// same for the executor's life.
final class ThreadExecutor: SerialExecutor, @unchecked Sendable {
  private let lock = NSCondition()
  private var jobs: [UnownedJob] = []
  private var closed = false

  init(name: String) {
    let thread = Thread { [unowned self] in work() }
    thread.name = name
    thread.stackSize = 16 << 20
    thread.start()
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    lock.withLock {
      jobs.append(job)
      lock.signal()
    }
  }

  private func work() {
    while let job = next() { job.runSynchronously(on: asUnownedSerialExecutor()) }
  }

  private func next() -> UnownedJob? {
    lock.withLock {
      while jobs.isEmpty && !closed { lock.wait() }
      return jobs.isEmpty ? nil : jobs.removeFirst()
    }
  }

  /// Ends the thread once its work is done.
  func close() {
    lock.withLock {
      closed = true
      lock.signal()
    }
  }
}

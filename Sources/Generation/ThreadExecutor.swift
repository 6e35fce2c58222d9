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
    let thread = Thread { self.work() }  // until it is closed
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
    while let job = next() {
      Exit.gate.pass { job.runSynchronously(on: asUnownedSerialExecutor()) }
    }
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

/// Lets the process end between jobs alone: at exit libtorch is taken down, and what is at work in it then,
/// such as a world that looks ahead, would end in a crash.
private final class Exit: @unchecked Sendable {
  static let gate = Exit()
  private let lock = NSCondition()
  private var working = 0
  private var done = 0
  private var closed = false

  /// Does a job; never, once the process is about to end.
  func pass(_ job: () -> Void) {
    lock.withLock {
      while closed { lock.wait() }
      working += 1
    }
    job()
    lock.withLock {
      working -= 1
      done += 1
      lock.broadcast()
      // Exit begins with what was registered last, and libtorch registers more as it is used.
      if done & (done - 1) == 0 { atexit { Exit.gate.close() } }
    }
  }

  /// Waits for what is at work, but not for what hangs.
  private func close() {
    lock.withLock {
      closed = true
      let limit = Date(timeIntervalSinceNow: 10)
      while working > 0, lock.wait(until: limit) {}
    }
  }
}

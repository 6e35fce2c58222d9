import Foundation
import GRDB
import Images
import Scene

/// Writes what a walk leaves behind on a thread of its own, in the order given, a transaction at a
/// time: never on a frame's path.
///
/// A keyframe counts as saved once its transaction is on disk. Where that fails, everything waits in
/// memory and is tried again every few seconds, so that nothing is lost while the program runs.
final class Saver: @unchecked Sendable {
  /// What waits to be written.
  private struct Batch {
    var keyframes: [KeyframeRecord] = []
    var walks: [WalkRecord] = []
    var legs: [Leg] = []
    /// Guessed later than their keyframes were made.
    var depths: [DepthRow] = []

    var isEmpty: Bool { keyframes.isEmpty && walks.isEmpty && legs.isEmpty && depths.isEmpty }
    /// Poses and depths alone may wait a moment; keyframes not.
    var isUrgent: Bool { !keyframes.isEmpty || !walks.isEmpty }

    static func + (a: Batch, b: Batch) -> Batch {
      Batch(
        keyframes: a.keyframes + b.keyframes, walks: a.walks + b.walks, legs: a.legs + b.legs,
        depths: a.depths + b.depths)
    }
  }

  private let file: String
  private let queue: DatabaseQueue
  private let patience: Saving
  private let lock = NSCondition()  // guards all that follows
  private var waiting = Batch()
  private var underWay = Batch()
  private var trouble: String?
  private var saved: Int
  private var tries = 0
  /// Nothing that can wait is written before.
  private var rest = ContinuousClock.now
  private var isHurried = false
  private var isClosed = false
  private var isLastTry = false
  private var hasEnded = false

  /// - Parameter saved: the id that follows those in the file.
  init(_ queue: DatabaseQueue, file: String, saved: Int, patience: Saving) {
    (self.queue, self.file, self.saved, self.patience) = (queue, file, saved, patience)
    let thread = Thread { [self] in work() }
    thread.name = "rtfm saver"
    thread.start()
  }

  // MARK: What comes in

  func add(_ keyframe: KeyframeRecord) { change { $0.keyframes.append(keyframe) } }

  func learn(_ depth: DepthRow) { change { $0.depths.append(depth) } }

  func begin(_ walk: WalkRecord) { change { $0.walks.append(walk) } }

  /// Notes a camera of a walk, with what was drawn just before it where it is the same lens.
  func log(_ camera: Camera, walk: Int, frame: Int) {
    change { batch in
      if let last = batch.legs.indices.last, batch.legs[last].walk == walk,
        batch.legs[last].lens == camera.intrinsics, batch.legs[last].poses.count < Leg.longest
      {
        batch.legs[last].poses.append(camera.pose)
      } else {
        batch.legs.append(
          Leg(walk: walk, first: frame, lens: camera.intrinsics, poses: [camera.pose]))
      }
    }
  }

  private func change(_ body: (inout Batch) -> Void) {
    lock.withLock {
      body(&waiting)
      lock.broadcast()
    }
  }

  // MARK: How it stands

  var status: WorldFile.Status {
    lock.withLock {
      WorldFile.Status(
        saved: saved, waiting: waiting.keyframes.count + underWay.keyframes.count,
        trouble: trouble)
    }
  }

  /// The picture of a keyframe that is not in the file yet.
  func picture(_ id: Int) -> ImageFile? {
    lock.withLock {
      let isIt = { (keyframe: KeyframeRecord) in keyframe.id == id }
      return (waiting.keyframes.last(where: isIt) ?? underWay.keyframes.last(where: isIt))?.picture
    }
  }

  /// Waits until all that was given is saved, or until saving it has failed once more; says why.
  func flush() -> String? {
    lock.withLock {
      let before = tries
      isHurried = true
      lock.broadcast()
      while !(waiting.isEmpty && underWay.isEmpty), !hasEnded,
        trouble == nil || tries == before
      {
        lock.wait()
      }
      isHurried = false
      return waiting.isEmpty && underWay.isEmpty ? nil : trouble
    }
  }

  /// Writes what waits, tries once where that fails, and ends the thread; says why it failed.
  func close() -> String? {
    lock.withLock {
      isClosed = true
      lock.broadcast()
      while !hasEnded { lock.wait() }
      return trouble
    }
  }

  // MARK: The thread

  private func work() {
    while let batch = next() {
      do {
        try queue.writeWithoutTransaction { db in
          try db.inTransaction(.immediate) {
            try Self.insert(batch, db)
            return .commit
          }
        }
        finish(batch, nil)
      } catch {
        finish(batch, WorldFileError(error, file: file))
      }
    }
    lock.withLock {
      hasEnded = true
      lock.broadcast()
    }
  }

  private static func insert(_ batch: Batch, _ db: Database) throws {
    for walk in batch.walks { try walk.insert(db) }
    for keyframe in batch.keyframes { try WorldFile.insert(keyframe, db) }
    for depth in batch.depths { try depth.insert(db) }
    for leg in batch.legs { try leg.insert(db) }
  }

  /// The next batch; nil once there will be none.
  private func next() -> Batch? {
    lock.withLock {
      while !isDue {
        if isClosed { return nil }
        if waiting.isEmpty { lock.wait() } else { _ = lock.wait(until: rest.date) }
      }
      isLastTry = isClosed
      (underWay, waiting) = (waiting, Batch())
      return underWay
    }
  }

  private var isDue: Bool {
    guard !waiting.isEmpty else { return false }
    if isClosed { return !isLastTry }
    return isHurried || (trouble == nil && waiting.isUrgent) || .now >= rest
  }

  private func finish(_ batch: Batch, _ error: WorldFileError?) {
    lock.withLock {
      tries += 1
      rest = .now + (error == nil ? patience.poses : patience.retry)
      trouble = error.map(\.description)
      if error == nil {
        saved = batch.keyframes.last.map { $0.id + 1 } ?? saved
      } else {
        waiting = batch + waiting
      }
      underWay = Batch()
      if error != nil { isHurried = false }
      lock.broadcast()
    }
  }
}

/// How long a world's saver waits.
struct Saving: Sendable {
  /// Before it tries again what failed.
  var retry = Duration.seconds(3)
  /// Until poses are written that no keyframe comes with.
  var poses = Duration.seconds(1)
}

extension ContinuousClock.Instant {
  fileprivate var date: Date { Date(timeIntervalSinceNow: (self - .now) / .seconds(1)) }
}

extension Leg {
  /// So many poses at most are one row: 4096, 384 KiB.
  static let longest = 4096
}

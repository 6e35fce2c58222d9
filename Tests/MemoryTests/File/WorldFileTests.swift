import Foundation
import Images
import Scene
import StandIn
import TestSupport
import Testing

@testable import Memory

/// Saving, resuming, branching: what is in a file is what was put there, to the last bit.
@Suite struct WorldFileTests {
  @Test func everythingComesBackToTheLastBit() throws {
    try Package.withTemporaryFolder { folder in
      let path = "\(folder)/a.world"
      let png = try ImageFile(StandIn.image(0).png(), name: "a given picture")
      var given = [StandIn.keyframe(0), StandIn.keyframe(1)]
      given[0].picture = png
      given[1].depth = [1, 2, 250]
      try WorldFile.create(at: path, place: StandIn.place, count: 2) { given[$0] }
      do {
        let file = try WorldFile(at: path)
        let walk = WalkRecord(
          id: 1, known: 2, model: "m", weights: "c0ffee", settings: #"{"steps":1}"#)
        file.begin(walk)
        for i in 2..<20 {
          file.log(StandIn.camera(i), walk: 1, frame: i - 2)
          file.add(StandIn.keyframe(i, walk: 1))
        }
        file.log(StandIn.camera(5, side: 32), walk: 1, frame: 18)
        try file.flush()
        #expect(file.status == WorldFile.Status(saved: 20, waiting: 0, trouble: nil))
        try file.close()
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.world"])
      let file = try WorldFile(at: path)
      #expect(file.place == StandIn.place)
      let expected = given + (2..<20).map { StandIn.keyframe($0, walk: 1) }
      var seen = 0
      try file.forEachKeyframe { keyframe in
        #expect(keyframe.id == seen && keyframe == KeyframeRow(expected[seen]))
        seen += 1
      }
      #expect(seen == 20)
      for keyframe in expected {
        #expect(try file.picture(of: keyframe.id) == keyframe.picture)
      }
      var depths: [Int: [UInt8]] = [:]
      try file.forEachDepth { depths[$0] = $1 }
      #expect(depths == [1: [1, 2, 250]])
      let walks = try file.walks()
      #expect(walks.map(\.weights) == ["c0ffee"] && walks.map(\.known) == [2])
      let cameras = (2..<20).map { StandIn.camera($0) } + [StandIn.camera(5, side: 32)]
      #expect(try file.cameras(ofWalk: 1) == cameras)
      #expect(try file.lastCamera() == cameras.last)
      try file.close()
    }
  }

  @Test func aPictureThatWaitsCanBeRead() throws {
    try withWorld { path in
      let file = try WorldFile(at: path)
      try file.disturb("PRAGMA query_only = ON")
      file.add(StandIn.keyframe(3, walk: 1))
      #expect(try file.picture(of: 3) == StandIn.keyframe(3).picture)
      #expect(throws: WorldFileError.self) { try file.flush() }
      #expect(try file.picture(of: 3) == StandIn.keyframe(3).picture)
      try file.disturb("PRAGMA query_only = OFF")
      try file.close()
    }
  }

  @Test func aWorldHasOneOwner() throws {
    try withWorld { path in
      let file = try WorldFile(at: path)
      #expect(throws: WorldFileError.busy(file: path)) { try WorldFile(at: path) }
      #expect(throws: WorldFileError.busy(file: path)) {
        try WorldFile.inspect(path, thoroughly: false)
      }
      try file.close()
      let walker = try Walker(path, "--hold")
      #expect(walker.line() == "open")
      #expect(throws: WorldFileError.busy(file: path)) { try WorldFile(at: path) }
      #expect(throws: WorldFileError.busy(file: path)) {
        try WorldFile.inspect(path, thoroughly: false)
      }
      _ = walker.kill()
      try WorldFile(at: path).close()
    }
  }

  /// One that was closed lets go once, not again when it goes: another may have the file by then.
  @Test func whoWasItsOwnerHasNoSayAnyMore() throws {
    try withWorld { path in
      var former: WorldFile? = try WorldFile(at: path)
      try former?.close()
      let file = try WorldFile(at: path)
      former = nil
      #expect(throws: WorldFileError.busy(file: path)) {
        try WorldFile.inspect(path, thoroughly: false)
      }
      try file.close()
    }
  }

  @Test func aBranchSharesNothingWrittenLater() throws {
    try withWorld { path in
      let file = try WorldFile(at: path)
      file.add(StandIn.keyframe(3, walk: 1))
      try file.branch(to: path + ".branch.world")
      file.add(StandIn.keyframe(4, walk: 1))
      try file.close()
      let branch = try WorldFile(at: path + ".branch.world")
      #expect(branch.status.saved == 4)
      for id in 4..<9 { branch.add(StandIn.keyframe(id * 10, walk: 2)) }
      try branch.close()
      #expect(try WorldFile.inspect(path, thoroughly: true).keyframes == 5)
      #expect(try WorldFile.inspect(path, thoroughly: true).problems == [])
    }
  }

  @Test func aRenamedWorldIsTheSameWorld() throws {
    try withWorld { path in
      try WorldFile(at: path).close()
      try FileManager.default.moveItem(atPath: path, toPath: path + " 2?.world")
      let report = try WorldFile.inspect(path + " 2?.world", thoroughly: true)
      #expect(report.keyframes == 3 && report.problems == [])
      let file = try WorldFile(at: path + " 2?.world")
      #expect(file.status.saved == 3)
      try file.close()
    }
  }

  @Test func nothingIsReplaced() throws {
    try withWorld { path in
      let before = try Data(contentsOf: URL(fileURLWithPath: path))
      #expect(throws: WorldFileError.occupied(file: path)) {
        try WorldFile.create(at: path, place: StandIn.place, count: 1) { StandIn.keyframe($0) }
      }
      let file = try WorldFile(at: path)
      #expect(throws: WorldFileError.occupied(file: path)) { try file.branch(to: path) }
      try file.close()
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }
  }

  @Test func aWorldThatCannotBeMadeLeavesNothing() throws {
    try Package.withTemporaryFolder { folder in
      #expect(throws: WorldFileError.self) {
        try WorldFile.create(at: "\(folder)/a.world", place: StandIn.place, count: 2) { _ in
          StandIn.keyframe(0)
        }
      }
      #expect(throws: WorldFileError.self) {
        try WorldFile.create(at: "\(folder)/no/a.world", place: StandIn.place, count: 1) {
          StandIn.keyframe($0)
        }
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(left == [])
    }
  }

  /// With the index of a memory that recalls them, as a world has it.
  ///
  /// `RTFM_KEYFRAMES=1000000 swift test --filter opensInTwoMicrosecondsAKeyframe` for a large one.
  @Test(.tags(.slow)) func opensInTwoMicrosecondsAKeyframe() throws {
    let count = ProcessInfo.processInfo.environment["RTFM_KEYFRAMES"].flatMap { Int($0) } ?? 100_000
    try Package.withTemporaryFolder { folder in
      let picture = ImageFile(StandIn.image(0))
      try WorldFile.create(at: "\(folder)/a.world", place: StandIn.place, count: count) {
        KeyframeRecord(id: $0, camera: StandIn.scattered($0, of: count), picture: picture)
      }
      let (clock, own) = (ContinuousClock(), Foundation.clock())
      let (start, file) = (clock.now, try WorldFile(at: "\(folder)/a.world"))
      var read = start
      let memory = try SpatialMemory<Void>(scale: 1) { filling in
        try file.forEachKeyframe { filling.add((), camera: $0.camera) }
        read = clock.now
      }
      let time = clock.now - start
      let seconds = Double(Foundation.clock() - own) / 1e6  // POSIX: a million in a second
      print("a world of \(count) keyframes is open after \(time), read after \(read - start)")
      print("that took \(seconds) s of a processor")
      try file.close()
      let last = StandIn.scattered(count - 1, of: count)
      #expect(memory.count == count && memory[count - 1].camera == last)
      let query = StandIn.scattered(count / 2, of: count)
      let context = memory.recall(for: query, limit: 4)
      #expect(memory.coverage(of: query, by: context) > 0.95)
      // Twice that, of a processor: what else the machine does is not counted, but slows it down.
      #expect(seconds < 4e-6 * Double(count))
    }
  }
}

/// Runs `body` with a world of three given keyframes.
func withWorld(keyframes: Int = 3, _ body: (String) throws -> Void) throws {
  try Package.withTemporaryFolder { folder in
    let path = "\(folder)/a.world"
    try WorldFile.create(
      at: path, place: StandIn.place, count: keyframes
    ) { StandIn.keyframe($0) }
    try body(path)
  }
}

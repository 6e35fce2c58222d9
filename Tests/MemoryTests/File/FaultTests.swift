import Foundation
import Scene
import StandIn
import TestSupport
import Testing

@testable import Memory

/// Full disks, read-only disks, failing disks, and processes killed at any moment.
@Suite struct FaultTests {
  @Test(arguments: [
    ("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000", "full"),
    ("PRAGMA query_only = ON", "PRAGMA query_only = OFF", "read-only"),
  ])
  func theWalkGoesOnAndSavingResumes(fault: String, cure: String, word: String) throws {
    try withWorld { path in
      let file = try WorldFile(at: path, saving: Saving(retry: .milliseconds(20)))
      try file.disturb(fault)
      for i in 3..<40 { file.add(StandIn.keyframe(i, walk: 1)) }
      #expect(throws: WorldFileError.self) { try file.flush() }
      let status = file.status
      // A keyframe or two may still have found room.
      #expect(status.saved < 40 && status.saved + status.waiting == 40)
      #expect(status.trouble?.contains(word) == true, "\(status.trouble ?? "no trouble")")
      #expect(try file.picture(of: 20) == StandIn.keyframe(20).picture)
      try file.disturb(cure)
      for _ in 0..<200 where file.status.saved < 40 { usleep(10_000) }
      #expect(file.status == WorldFile.Status(saved: 40, waiting: 0, trouble: nil))
      try file.close()
      #expect(try WorldFile.inspect(path, thoroughly: true).problems == [])
    }
  }

  @Test func whatCannotBeSavedAtTheEndIsSaid() throws {
    try withWorld { path in
      let file = try WorldFile(at: path)
      try file.disturb("PRAGMA query_only = ON")
      file.add(StandIn.keyframe(3, walk: 1))
      #expect(throws: WorldFileError.self) { try file.close() }
      #expect(try WorldFile.inspect(path, thoroughly: true).keyframes == 3)
    }
  }

  /// The kernel refuses to let any file grow beyond a limit: writes are cut off in the middle.
  @Test func aDiskThatFailsInTheMiddleOfAWriteHalvesNothing() throws {
    try withWorld { path in
      let walker = try Walker(path, "--limit", "300000")
      var lines: [String] = []
      while let line = walker.line() {
        lines.append(line)
        if line.hasPrefix("trouble") { break }
      }
      usleep(200_000)
      lines += walker.kill()
      #expect(lines.contains { $0.hasPrefix("trouble") && $0.contains("disk reports an error") })
      try expectWhole(path, after: lines)
    }
  }

  /// EIO from writing or from syncing; after a failed sync, what was written is gone.
  @Test(
    .enabled(if: FailingDisk.isPossible, "needs clang and a loader that preloads"),
    arguments: ["write", "sync"])
  func theWalkGoesOnWhileTheDiskFailsAndIsSavedAfterwards(fault: String) throws {
    try withWorld { path in
      let disk = try FailingDisk(in: (path as NSString).deletingLastPathComponent)
      let walker = try Walker(path, "--retry", "30", disk: disk)
      var lines: [String] = []
      for _ in 0..<3 {
        lines += walker.lines(until: "saved")
        try disk.fail(fault)
        let stop = walker.lines(until: "trouble")
        #expect(stop.last?.contains("disk reports an error") == true, "\(stop.last ?? "ended")")
        let during = walker.lines(until: "walked") + walker.lines(until: "walked")
        #expect(during.count { $0.hasPrefix("walked") } == 2)
        #expect(!during.contains { $0.hasPrefix("saved") || $0 == "trouble over" })
        try disk.fail(nil)
        var after = walker.lines(until: "trouble over")
        #expect(after.last == "trouble over")
        let walked = during.last.flatMap { Int($0.dropFirst("walked ".count)) } ?? .max
        func saved() -> Int {
          after.compactMap { $0.hasPrefix("saved") ? Int($0.dropFirst(6)) : nil }.last ?? 0
        }
        // What came while the first batch was written comes with one of the next.
        for _ in 0..<20 where saved() < walked { after += walker.lines(until: "saved") }
        #expect(saved() >= walked, "all that waited is saved")
        lines += stop + during + after
      }
      try disk.fail(fault)
      lines += walker.lines(until: "trouble") + walker.kill()
      try expectWhole(path, after: lines)
    }
  }

  @Test func aKilledWalkLosesNothingThatWasAcknowledged() throws {
    try withWorld { path in
      for round in 0..<10 { try Self.killOnce(path, after: 5_000 + round * round * 2_000) }
    }
  }

  /// `RTFM_KILLS=200 swift test --filter killsAsOftenAsAsked`
  @Test(.enabled(if: kills > 0, "RTFM_KILLS says how often"), .tags(.slow))
  func killsAsOftenAsAsked() throws {
    // A new world now and then: each is read whole after every kill.
    for first in stride(from: 0, to: Self.kills, by: 20) {
      try withWorld { path in
        for _ in first..<min(first + 20, Self.kills) {
          try Self.killOnce(path, after: .random(in: 0..<400_000))
        }
        let report = try WorldFile.inspect(path, thoroughly: true)
        print("\(report.keyframes) keyframes, \(report.problems.count) problems")
      }
    }
  }

  static let kills = ProcessInfo.processInfo.environment["RTFM_KILLS"].flatMap { Int($0) } ?? 0

  private static func killOnce(_ path: String, after microseconds: Int) throws {
    let walker = try Walker(path)
    usleep(useconds_t(microseconds))
    try expectWhole(path, after: walker.kill())
  }
}

/// Expects a world to be intact, with every keyframe that was said to be saved, as it was made.
private func expectWhole(
  _ path: String, after lines: [String], at location: SourceLocation = #_sourceLocation
) throws {
  let saved = lines.filter { $0.hasPrefix("saved") }.last.flatMap { Int($0.dropFirst(6)) } ?? 3
  // As it was left, with its log beside it; then as its next owner finds it.
  #expect(try WorldFile.inspect(path, thoroughly: true).problems == [], sourceLocation: location)
  let file = try WorldFile(at: path)
  #expect(file.status.saved >= saved, sourceLocation: location)
  try file.forEachKeyframe { keyframe in
    #expect(keyframe.camera == StandIn.camera(keyframe.id), sourceLocation: location)
  }
  for id in stride(from: file.status.saved - 1, to: max(2, saved - 40), by: -7) {
    #expect(try file.picture(of: id) == StandIn.keyframe(id).picture, sourceLocation: location)
  }
  try file.close()
  #expect(try WorldFile.inspect(path, thoroughly: true).problems == [], sourceLocation: location)
}

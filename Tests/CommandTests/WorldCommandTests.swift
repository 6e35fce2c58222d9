import Foundation
import Images
import Scene
import TestSupport
import Testing

/// `rtfm world`, and worlds where captures may stand.
@Suite(.serialized) struct WorldCommandTests {
  @Test func aCaptureBecomesAWorldAndComesOutAgain() throws {
    try Package.withTemporaryFolder { folder in
      let (world, room) = ("\(folder)/room.world", "\(Package.root)/Worlds/room")
      #expect(try Program("world", "import", room, "--out", world).status == 0)
      let info = try Program("world", "info", world, "--json").json()
      #expect(info["keyframes"] as? Int == 240 && info["given"] as? Int == 240)
      let before = try Data(contentsOf: URL(filePath: world))

      for format in ["nerfstudio", "colmap"] {
        let out = "\(folder)/\(format)"
        let export = try Program("world", "export", world, "--out", out, "--format", format)
        #expect(export.status == 0, "\(export.errors)")
        let picture = try FileManager.default.contentsOfDirectory(atPath: "\(out)/images").sorted()[
          0]
        let original = try FileManager.default.contentsOfDirectory(atPath: "\(room)/images")
          .sorted()[0]
        #expect(
          FileManager.default.contentsEqual(
            atPath: "\(out)/images/\(picture)", andPath: "\(room)/images/\(original)"))
        #expect(try Program("world", "import", out, "--out", "\(out).world").status == 0)
      }
      let branch = "\(folder)/branch.world"
      #expect(try Program("world", "branch", world, "--out", branch).status == 0)
      #expect(try Program("world", "branch", world, "--out", branch).status == 1)
      #expect(try Program("world", "verify", branch).status == 0)
      let longer = "\(folder)/longer.world"
      try (Data(contentsOf: URL(fileURLWithPath: branch)) + [0, 0, 0, 0])
        .write(to: URL(fileURLWithPath: longer))
      #expect(try Program("world", "verify", longer).status == 1)
      let walk = try Program(
        "render", world, "--path", "spin", "--frames", "4", "--out", "\(folder)/w.mp4")
      #expect(walk.status == 0, "\(walk.errors)")
      #expect(try Data(contentsOf: URL(filePath: world)) == before)
    }
  }

  /// In a picture: much of a file's pages is unused, and damage there costs nobody anything.
  @Test func damageIsReportedAndTheRestIsSaved() throws {
    try Package.withTemporaryFolder { folder in
      let world = "\(folder)/room.world"
      _ = try Program("world", "import", "\(Package.root)/Worlds/room", "--out", world)
      var bytes = try Data(contentsOf: URL(filePath: world))
      let picture = try #require(
        bytes.range(of: Data([0xff, 0xd8, 0xff]), in: bytes.count / 2..<bytes.count))
      for i in picture.upperBound + 100..<picture.upperBound + 164 { bytes[i] ^= 0x55 }
      try bytes.write(to: URL(filePath: world))
      let verify = try Program("world", "verify", world, "--json")
      #expect(verify.status == 1)
      #expect((try verify.json()["problems"] as? [String])?.isEmpty == false)
      let saved = try Program("world", "import", world, "--out", "\(folder)/saved.world")
      #expect(saved.status == 0 && saved.errors.contains("lost: keyframe"), "\(saved.errors)")
      #expect(try Program("world", "verify", "\(folder)/saved.world").status == 0)
      #expect(try Data(contentsOf: URL(filePath: world)) == bytes)
    }
  }

  /// As an interrupted copy leaves it.
  @Test func ofAWorldThatWasCutShortTheRestIsSaved() throws {
    try Package.withTemporaryFolder { folder in
      let (world, saved) = ("\(folder)/room.world", "\(folder)/saved.world")
      _ = try Program("world", "import", "\(Package.root)/Worlds/room", "--out", world)
      let bytes = try Data(contentsOf: URL(filePath: world))
      try bytes.dropLast(4096).write(to: URL(filePath: world))
      let verify = try Program("world", "verify", world, "--json")
      #expect(verify.status == 1 && verify.errors.contains("rtfm world import"))
      #expect((try verify.json()["problems"] as? [String])?.isEmpty == false)
      let copy = try Program("world", "import", world, "--out", saved)
      #expect(copy.status == 0 && copy.errors.contains("wrote 239 keyframes"), "\(copy.errors)")
      #expect(try Program("world", "verify", saved).status == 0)
      try bytes.prefix(2000).write(to: URL(filePath: world))
      let nothing = try Program("world", "verify", world)
      #expect(nothing.status == 1 && !nothing.errors.contains("SELECT"), "\(nothing.errors)")
    }
  }

  @Test func aWorldIsMeasuredByItsGivenPictures() throws {
    try Package.withTemporaryFolder { folder in
      let world = "\(folder)/room.world"
      _ = try Program("world", "import", "\(Package.root)/Worlds/room", "--out", world)
      let revisit = try Program(
        "revisit", world, "--frames", "2", "--memory", "rtfm", "--resolution", "32", "--json")
      #expect(revisit.status == 0, "\(revisit.errors)")
      let results = try #require(try revisit.json()["results"] as? [[String: Any]])
      #expect(results.count == 2 && (results[0]["psnr"] as? Double ?? 0) > 20)
    }
  }

  @Test func otherPicturesUnderTheSameNameAreNotMistaken() throws {
    try Package.withTemporaryFolder { folder in
      let world = "\(folder)/room.world"
      _ = try Program("world", "import", "\(Package.root)/Worlds/room", "--out", world)
      let other = "\(folder)/room"
      _ = try Program(
        "scenes", "--family", "room", "--count", "1", "--frames", "2", "--export", other)
      let explore = try Program("explore", other, "--save", world, "--port", "0")
      #expect(explore.status == 1 && explore.errors.contains("other pictures"), "\(explore.errors)")
    }
  }

  @Test(arguments: [
    ["world", "info", "/no/such.world"], ["explore", "/no/such.world"],
    ["world", "import", "/no/such/place", "--out", "/tmp/never.world"],
  ])
  func whatIsNotThereIsNamed(arguments: [String]) throws {
    let process = Program.process(arguments)
    let pipe = Pipe()
    process.standardError = pipe
    try process.run()
    let errors = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 1 && errors.contains("/no/such"), "\(errors)")
  }
}

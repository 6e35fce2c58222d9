import Dispatch
import Foundation
import Images
import Scene
import TestSupport
import Testing

/// Bad input: one line that names it and says why, status 1, and nothing overwritten.
@Suite struct FailureTests {
  @Test func aMissingCaptureIsNamed() throws {
    try expectFailure(["evaluate", "/no/such/place"], naming: "/no/such/place")
    try expectFailure(["revisit", "/no/such/place"], naming: "/no/such/place")
  }

  @Test func anEmptyCaptureIsNamed() throws {
    try Package.withTemporaryFolder { folder in
      try expectFailure(["evaluate", folder], naming: folder)
      try #"{"frames": []}"#.write(
        toFile: "\(folder)/transforms.json", atomically: true, encoding: .utf8)
      try expectFailure(["render", folder, "--out", "\(folder)/w.mp4"], naming: "transforms.json")
    }
  }

  @Test func whatHasNoPosesIsToldWhereToGetThem() throws {
    try Package.withTemporaryFolder { folder in
      try Picture.gray.writePNG(to: "\(folder)/photo.png")
      try Data().write(to: URL(fileURLWithPath: "\(folder)/WALK.MP4"))
      let video = "\(folder)/WALK.MP4"
      try expectFailure(["explore", video, "--port", "0"], naming: "rtfm ingest \(video)")
      try expectFailure(["render", folder, "--out", "\(folder)/w.mp4"], naming: "rtfm ingest")
    }
  }

  @Test(arguments: [
    ("NaN pose", "[[NaN,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]", 30.0),
    ("skewed pose", "[[1,0.5,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]", 30),
    ("no lens", "[[1,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]", -30),
  ])
  func aBadFrameIsNamed(what: String, matrix: String, focal: Double) throws {
    try Package.withTemporaryFolder { folder in
      try Self.capture(in: folder, matrix: matrix, focal: focal)
      try expectFailure(["evaluate", folder], naming: "transforms.json")
    }
  }

  @Test func anUnreadableImageIsNamed() throws {
    try Package.withTemporaryFolder { folder in
      try Self.capture(in: folder)
      try Data("GIF89a not a picture".utf8).write(to: URL(fileURLWithPath: "\(folder)/1.png"))
      try expectFailure(["evaluate", folder], naming: "1.png")
    }
  }

  @Test func aHugeImageIsRefusedByItsHeader() throws {
    try Package.withTemporaryFolder { folder in
      try Self.capture(in: folder)
      var png = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/1.png"))
      png.replaceSubrange(16..<24, with: [0, 3, 13, 64, 0, 3, 13, 64])  // 200,000 x 200,000
      try png.write(to: URL(fileURLWithPath: "\(folder)/1.png"))
      try expectFailure(["evaluate", folder], naming: "1.png")
    }
  }

  @Test func damagedWeightsAreRefusedByName() throws {
    try Package.withTemporaryFolder { folder in
      try Self.capture(in: folder)
      let model = "\(folder)/broken.safetensors"
      let whole = try Data(contentsOf: URL(fileURLWithPath: Package.golden("tiny")))
      try whole.prefix(5000).write(to: URL(fileURLWithPath: model))
      try expectFailure(["evaluate", folder, "--model", model], naming: "broken.safetensors")
      try Data("hello, weights".utf8).write(to: URL(fileURLWithPath: model))
      try expectFailure(["evaluate", folder, "--model", model], naming: "broken.safetensors")
      let foreign = Package.golden("layers")
      try expectFailure(["evaluate", folder, "--model", foreign], naming: "layers.safetensors")
    }
  }

  @Test(arguments: ["0", "9", "many"]) func aDetailThatCannotBeIsRefused(detail: String) throws {
    let run = try Program("explore", "--detail", detail)
    #expect(run.status == 2 && run.errors.contains("detail"))
  }

  @Test func aDeviceThatIsNotThereIsNamed() throws {
    try expectFailure(["explore", "--device", "cuda:99"], naming: "cuda:99")
    let unknown = try Program("explore", "--device", "abacus")
    #expect(unknown.status == 2 && unknown.errors.contains("abacus"))
  }

  /// Positions whose squares are beyond all numbers.
  @Test func aPoseBeyondAllBoundsIsNamed() throws {
    try Package.withTemporaryFolder { folder in
      try Self.capture(in: folder, matrix: "[[1,0,0,1e160],[0,1,0,0],[0,0,1,0],[0,0,0,1]]")
      try expectFailure(["evaluate", folder], naming: "transforms.json")
    }
  }

  @Test(arguments: ["heic", "webp"]) func aPictureOfAnotherKindIsSaidToBeOne(kind: String) throws {
    try Package.withTemporaryFolder { folder in
      let photo = "\(folder)/photo.\(kind)"
      try Data("RIFF".utf8).write(to: URL(fileURLWithPath: photo))
      try expectFailure(["explore", photo, "--port", "0"], naming: "neither JPEG nor PNG")
      try expectFailure(
        ["ingest", photo, "--out", "\(folder)/place"], naming: "neither JPEG nor PNG")
    }
  }

  @Test func onePhotoIsNoPlaceToMeasure() throws {
    try Package.withTemporaryFolder { folder in
      let (photo, video) = ("\(folder)/photo.png", "\(folder)/walk.mp4")
      try Image(width: 64, height: 48).writePNG(to: photo)
      try Data("film".utf8).write(to: URL(fileURLWithPath: video))
      for command in [
        ["evaluate"], ["revisit"], ["world", "import", "--out", "\(folder)/a.world"],
      ] {
        try expectFailure(command + [photo], naming: "is one photo")
        try expectFailure(command + [video], naming: "rtfm ingest")
      }
    }
  }

  /// Where results can't go, nothing passes for done; where remarks can't, it does.
  @Test func lostResultsAreAFailureAndLostRemarksAreNone() throws {
    try Package.withTemporaryFolder { folder in
      let split = "'\(Program.path)' weights split \(folder)/f --out \(folder)"
      try Data("weights".utf8).write(to: URL(fileURLWithPath: "\(folder)/f"))
      let full = try Program(shell: "\(split) > /dev/full")
      #expect(full.status == 1 && full.errors.contains("standard output"))
      #expect(try Program(shell: "\(split) 2> /dev/full").status == 0)
      #expect(try Program(shell: "'\(Program.path)' world info no.world 2> /dev/full").status == 1)
    }
  }

  @Test(arguments: [0, -5, 9_000_000_000_000_000_000]) func aPartOfSoManyIsNone(count: Int) throws {
    try Package.withTemporaryFolder { folder in
      try Data("weights".utf8).write(to: URL(fileURLWithPath: "\(folder)/f"))
      let part = try Program("weights", "split", "\(folder)/f").output.split(separator: "\n")[0]
      let text = try String(contentsOfFile: String(part), encoding: .utf8)
        .replacingOccurrences(of: #""of":1"#, with: #""of":\#(count)"#)
      try text.write(toFile: String(part), atomically: true, encoding: .utf8)
      try expectFailure(
        ["weights", "join", String(part), "--out", "\(folder)/g"], naming: "is no part")
    }
  }

  /// The contact sheet of photo.mp4 would be photo.png.
  @Test func aPhotoIsNotOverwrittenByItsContactSheet() throws {
    try Package.withTemporaryFolder { folder in
      let photo = "\(folder)/photo.png"
      try Picture.gray.writePNG(to: photo)
      let before = try Data(contentsOf: URL(fileURLWithPath: photo))
      try expectFailure(["render", photo, "--out", "\(folder)/photo.mp4"], naming: photo)
      #expect(try Data(contentsOf: URL(fileURLWithPath: photo)) == before)
    }
  }

  /// Before anything is filmed.
  @Test func aFileIsNoFolderToExportTo() throws {
    try Package.withTemporaryFolder { folder in
      try Data("precious".utf8).write(to: URL(fileURLWithPath: "\(folder)/notes"))
      try expectFailure(["scenes", "--export", "\(folder)/notes"], naming: "it is a file")
      try expectFailure(["scenes", "--export", "\(folder)/no/place"], naming: "No such file")
    }
  }

  @Test(.enabled(if: !GPU.isHere, "there is a GPU here"))
  func aGPUThatIsNotThereIsSaidToBeMissing() throws {
    try expectFailure(["bench", "--preset", "nano", "--device", "cuda"], naming: "cuda")
  }

  @Test func aPortInUseIsNamed() throws {
    let socket = try ListeningSocket()
    defer { socket.close() }
    try expectFailure(["explore", "--port", String(socket.port)], naming: String(socket.port))
  }

  @Test func nothingIsOverwrittenByAFailure() throws {
    try Package.withTemporaryFolder { folder in
      let out = "\(folder)/walk.mp4"
      try "precious".write(toFile: out, atomically: true, encoding: .utf8)
      try expectFailure(["render", "/no/such/place", "--out", out], naming: "/no/such/place")
      #expect(try String(contentsOfFile: out, encoding: .utf8) == "precious")
    }
  }

  @Test func anAnswerThatIsMissingIsNamed() throws {
    try Package.withTemporaryFolder { folder in
      try expectFailure(
        ["evaluate", "procedural", "--family", "room", "--resolution", "16", "--answers", folder],
        naming: "\(folder)/room-0/0002-from-1.png")
    }
  }

  /// Before anything is measured.
  @Test(arguments: [
    ["revisit", "procedural", "--out"], ["revisit", "procedural", "--sheet"],
    ["evaluate", "procedural", "--sheet"], ["evaluate", "procedural", "--passages"],
    ["bench", "recall", "--frames", "9", "--out"], ["render", "--out"], ["scenes", "--out"],
  ])
  func whereNothingCanBeWrittenIsSaidAtOnce(arguments: [String]) throws {
    try expectFailure(arguments + ["/no/such/folder/a.mp4"], naming: "/no/such/folder/a.mp4")
  }

  @Test(arguments: [
    ["explode"], ["render"], ["render", "--out", "sheet.png"],
    ["bench", "--steps", "none"], ["scenes", "--count", "0"],
    ["revisit", "procedural", "--frames", "64,16"], ["revisit", "procedural", "--memory", "none"],
    ["evaluate", "procedural", "--family", "castle"], ["evaluate", "procedural", "--drift", "1"],
    ["evaluate", "procedural", "--questions", "a", "--answers", "b"],
    ["evaluate", "procedural", "--answers", "b", "--model", "rtfm-nano"],
    ["evaluate", "procedural", "--questions", "a", "--json"],
    ["revisit", "a", "--family", "room"], ["train", "--capture-share", "0.5", "--out", "a"],
    ["bench", "--patch", "7", "--resolution", "64"], ["bench", "--model", "a", "--patch", "8"],
    ["render", "a.world", "--walk", "1", "--path", "spin", "--out", "a.mp4"],
    ["render", "--path", "walk.json", "--frames", "8", "--out", "a.mp4"],
  ])
  func wordsThatAreOffEndWithTwo(arguments: [String]) throws {
    let process = Program.process(arguments)
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 2)
  }

  private func expectFailure(
    _ arguments: [String], naming name: String, at location: SourceLocation = #_sourceLocation
  ) throws {
    let process = Program.process(arguments)
    let pipe = Pipe()
    process.standardError = pipe
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    // What does not fail may never end.
    let patience = DispatchWorkItem { process.terminate() }
    DispatchQueue.global().asyncAfter(deadline: .now() + 60, execute: patience)
    defer { patience.cancel() }
    let errors = String(
      decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let lines = errors.split(separator: "\n")
    #expect(process.terminationStatus == 1, "\(errors)", sourceLocation: location)
    #expect(lines.count == 1, "\(errors)", sourceLocation: location)
    #expect(errors.contains(name), "\(errors)", sourceLocation: location)
  }

  /// A capture of one gray picture.
  static func capture(
    in folder: String, matrix: String = "[[1,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]",
    focal: Double = 30
  ) throws {
    try Picture.gray.writePNG(to: "\(folder)/1.png")
    let json = """
      {"w": 32, "h": 32, "fl_x": \(focal), "fl_y": \(focal), "cx": 16, "cy": 16,
       "frames": [{"file_path": "1.png", "transform_matrix": \(matrix)}]}
      """
    try json.write(toFile: "\(folder)/transforms.json", atomically: true, encoding: .utf8)
  }
}

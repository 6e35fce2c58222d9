import Foundation
import Images
import Memory
import Scene
import TestSupport
import Testing

@testable import rtfm

@Suite struct PlaceTests {
  /// A capture of two pictures so far apart, in a world of 3 units for one of the network.
  private func place(apart distance: Double, in folder: String) throws -> Place {
    let frames = try (0..<2).map { i in
      let picture = "\(folder)/\(i).png"
      try Image(width: 16, height: 16).writePNG(to: picture)
      return """
        {"file_path": "\(i).png", "transform_matrix":
         [[1, 0, 0, \(Double(i) * distance)], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]}
        """
    }
    let text = #"{"fl_x": 16, "rtfm_scale": 3, "frames": [\#(frames.joined(separator: ","))]}"#
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/transforms.json"))
    return try Place.open(folder, size: Size(side: 16))
  }

  /// Two pictures lie half their distance from their mean; 0.6 network units are usual.
  @Test(arguments: [(distance: 0, speed: 2.1), (1, 0.7 * 0.5 / 0.6), (100, 2.1)])
  func aWalkIsSlowWherePicturesAreClose(distance: Double, speed: Double) throws {
    try Package.withTemporaryFolder { folder in
      let place = try place(apart: distance, in: folder)
      #expect(abs(try place.gait.speed - speed) < 1e-12)
    }
  }

  /// A single photo, 36 pixels wide, in landscape.
  private func photo(in folder: String) throws -> String {
    let path = "\(folder)/my garden.PNG"
    try Image(width: 36, height: 24, color: [90, 120, 60]).writePNG(to: path)
    return path
  }

  @Test func aSinglePhotoIsAPlace() throws {
    try Package.withTemporaryFolder { folder in
      let place = try Place.open(photo(in: folder), size: Size(side: 16))
      #expect(place.name == "my garden" && place.file == nil)
      let lens = place.start.intrinsics
      #expect(lens.width == 16 && lens.height == 16)
      // A telephone's lens, of which the middle is left.
      #expect(abs(lens.focal.x - StructureFromMotion.usualFocal * 36 * 16 / 24) < 1e-9)
      #expect(try place.cameras() == [place.start])
      #expect(try place.gait.speed > 0)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["my garden.PNG"])
    }
  }

  @Test func aSinglePhotosWalkIsSavedAndGoesOn() throws {
    try Package.withTemporaryFolder { folder in
      let (photo, world) = (try photo(in: folder), "\(folder)/garden.world")
      for _ in 0..<2 {
        let place = try Place.open(photo, size: Size(side: 16), save: world)
        #expect(place.name == "my garden")
        try #require(place.file).close()
      }
      try Image(width: 40, height: 24).writePNG(to: photo)
      #expect(throws: PlaceError.self) {
        try Place.open(photo, size: Size(side: 16), save: world)
      }
    }
  }

  @Test func whatIsNoPhotoIsSaidSoInOneLine() throws {
    try Package.withTemporaryFolder { folder in
      try Data("no photo".utf8).write(to: URL(fileURLWithPath: "\(folder)/a.jpg"))
      for (file, words) in [("a.jpg", "JPEG"), ("b.jpg", "is not there"), ("c.mp4", "ingest")] {
        let render = try Program("render", "\(folder)/\(file)", "--out", "\(folder)/walk.mp4")
        #expect(render.status == 1 && render.errors.contains(words), "\(render.errors)")
        #expect(render.errors.split(separator: "\n").count == 1, "\(render.errors)")
      }
    }
  }
}

import Foundation
import Images
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
    return try Place(folder, size: Size(side: 16))
  }

  /// Two pictures lie half their distance from their mean; 0.6 network units are usual.
  @Test(arguments: [(distance: 0, speed: 2.1), (1, 0.7 * 0.5 / 0.6), (100, 2.1)])
  func aWalkIsSlowWherePicturesAreClose(distance: Double, speed: Double) throws {
    try Package.withTemporaryFolder { folder in
      let place = try place(apart: distance, in: folder)
      #expect(abs(try place.gait.speed - speed) < 1e-12)
    }
  }
}

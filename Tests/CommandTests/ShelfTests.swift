import Foundation
import TestSupport
import Testing
import Torch

@testable import rtfm

/// Which model draws a place, where nobody says.
@Suite struct ShelfTests {
  private func drawing(
    _ place: String?, named name: String? = nil, on device: Device = .cpu, cores: Int = 2
  ) throws -> String {
    let path = try Shelf.models.path(of: name, drawing: place, on: device, cores: cores)
    return URL(fileURLWithPath: path).lastPathComponent
  }

  @Test func theLargerOneDrawsWhereThatIsFast() throws {
    #expect(try drawing("/no/such/place") == "rtfm-nano.safetensors")
    #expect(try drawing("/no/such/place", cores: 8) == "rtfm-small.safetensors")
    #expect(try drawing("/no/such/place", on: .cuda(0)) == "rtfm-small.safetensors")
  }

  @Test(arguments: [nil, "Worlds/room", "Worlds/courtyard/", "Worlds/../Worlds/courtyard"])
  func theBundledWorldsOwnAreForFewCores(place: String?) throws {
    let place = place.map { "\(Package.root)/\($0)" }
    #expect(try drawing(place) == "model.safetensors")
    #expect(try drawing(place, cores: 8) == "rtfm-small.safetensors")
    #expect(try drawing(place, on: .cuda(0)) == "rtfm-small.safetensors")
  }

  @Test func whatIsLearnedFromIsTheLargerOneOnGPUs() throws {
    let names = try [Device.cpu, .cuda(0)].map {
      URL(fileURLWithPath: try Shelf.models.path(of: nil, on: $0)).lastPathComponent
    }
    #expect(names == ["rtfm-nano.safetensors", "rtfm-small.safetensors"])
  }

  @Test(arguments: [Device.cpu, .cuda(0)], [2, 64])
  func aPlacesOwnModelComesBeforeAndANamedOneBeforeThat(device: Device, cores: Int) throws {
    try Package.withTemporaryFolder { folder in
      try Data().write(to: URL(fileURLWithPath: "\(folder)/model.safetensors"))
      let own = try drawing(folder, on: device, cores: cores)
      let named = try drawing(folder, named: "rtfm-nano", on: device, cores: cores)
      #expect(own == "model.safetensors")
      #expect(named == "rtfm-nano.safetensors")
    }
  }
}

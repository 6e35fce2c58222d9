import Foundation
import TestSupport
import Testing
import Torch

@testable import rtfm

/// Which model draws a place, where nobody says.
@Suite struct ShelfTests {
  private func drawing(_ place: String?, named name: String? = nil, onGPU: Bool) throws -> String {
    let path = try Shelf.models.path(of: name, drawing: place, on: onGPU ? .cuda(0) : .cpu)
    return URL(fileURLWithPath: path).lastPathComponent
  }

  @Test func aGPUDrawsByTheLargerOne() throws {
    #expect(try drawing("/no/such/place", onGPU: true) == "rtfm-small.safetensors")
    #expect(try drawing("/no/such/place", onGPU: false) == "rtfm-nano.safetensors")
  }

  @Test func theBundledRoomsOwnIsForCPUs() throws {
    #expect(try drawing(nil, onGPU: true) == "rtfm-small.safetensors")
    #expect(try drawing(nil, onGPU: false) == "model.safetensors")
  }

  @Test(arguments: [false, true])
  func aPlacesOwnModelComesBeforeAndANamedOneBeforeThat(onGPU: Bool) throws {
    try Package.withTemporaryFolder { folder in
      try Data().write(to: URL(fileURLWithPath: "\(folder)/model.safetensors"))
      let own = try drawing(folder, onGPU: onGPU)
      let named = try drawing(folder, named: "rtfm-nano", onGPU: onGPU)
      #expect(own == "model.safetensors")
      #expect(named == "rtfm-nano.safetensors")
    }
  }
}

import CTracer
import Foundation
import Scene
import TestSupport
import Testing
import Torch

@testable import Filming
@testable import Procedural

@Suite struct FilmKernelTests {
  @Test func everyIncludedFileIsEmbeddedUnderItsName() throws {
    let text = try #require(FilmKernel.text)
    let all = [("film_kernel.h", text)] + FilmKernel.headers
    let names = Set(all.map(\.0))
    for (name, text) in all {
      for match in text.matches(of: /#include "([^"]+)"/) {
        #expect(names.contains(String(match.1)), "included by \(name)")
      }
      let file = try String(
        contentsOfFile: "\(Package.root)/Sources/CTracer/\(name)", encoding: .utf8)
      #expect(text == file)
    }
  }

  @Test(.enabled(if: Compiler.isHere, "NVRTC is not here (make bundle brings it)"))
  func theKernelCompilesForHopper() throws {
    try Package.withTemporaryFolder { folder in
      let path = try FilmKernel.keep(architecture: 90, in: folder)
      let file = [UInt8](FileManager.default.contents(atPath: path) ?? Data())
      #expect(file.count > 10_000 && file.starts(with: [0x7f, 0x45, 0x4c, 0x46]), "an ELF file")
      #expect(GPUCode(bytes: file).bytes == file)
      setenv("RTFM_KERNELS", folder, 1)
      defer { unsetenv("RTFM_KERNELS") }
      let start = ContinuousClock.now
      let code = try FilmKernel.code(architecture: 90)
      #expect(code.bytes == file)
      #expect(ContinuousClock.now - start < .seconds(1), "read, not compiled")
    }
  }

  @Test(.enabled(if: Compiler.isHere, "NVRTC is not here (make bundle brings it)"))
  func aWrongKernelIsRefusedWithTheCompilersWords() {
    let error = #expect(throws: GPUError.self) {
      try GPUCode("__global__ void f() { nonsense; }", name: "f.cu", architecture: 90)
    }
    #expect(error?.description.contains("f.cu(1): error") == true)
    #expect(error?.description.contains("nonsense") == true)
  }

  @Test(.enabled(if: !Device.hasGPU, "a GPU is here"))
  func withoutAGPUFilmingOnOneIsRefused() {
    let error = #expect(throws: GPUError.self) { try GPUFilm(on: .cpu) }
    #expect(error?.description.contains("cpu") == true)
  }

  /// Bytes of a world and a camera, filmed by the GPU's form on the CPU, give the CPU's picture.
  @Test func worldsAndCamerasAsBytesAreWhatTheTracerReads() {
    let world = ProceduralWorld(seed: 3)
    let lens = world.lens(width: 32, height: 24)
    let cameras = world.walk(count: 2, intrinsics: lens, seed: 1)
    let films = Films(cameras.map { world.film($0) })
    let scene = FilmKernel.bytes(of: [world, world])
    let size = scene.count / 2
    #expect(size == Int(tracer_scene_bytes()) && scene[..<size] == scene[size...])
    for i in cameras.indices {
      let shown = oneLane(scene, FilmKernel.bytes(of: cameras), at: i, 32 * 24)
      let wanted = films.pixels.bytes[(i * 32 * 24 * 3)..<((i + 1) * 32 * 24 * 3)]
      let unlike = zip(shown, wanted).count { abs(Int($0) - Int($1)) > 2 }
      #expect(unlike < 32)
    }
  }

  private func oneLane(_ scene: [UInt8], _ cameras: [UInt8], at i: Int, _ count: Int) -> [UInt8] {
    var pixels = [UInt8](repeating: 0, count: count * 3)
    var depth = [Float](repeating: 0, count: count)
    var reflective = [UInt8](repeating: 0, count: count)
    // An address of its own, as aligned as the tracer wants it.
    let copy = UnsafeMutableRawPointer.allocate(byteCount: scene.count, alignment: 64)
    defer { copy.deallocate() }
    scene.withUnsafeBytes { copy.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    cameras.withUnsafeBytes { bytes in
      var camera = bytes.loadUnaligned(
        fromByteOffset: i * MemoryLayout<tracer_camera>.stride, as: tracer_camera.self)
      tracer_film_one_lane_culled(OpaquePointer(copy), &camera, 4, &pixels, &depth, &reflective)
    }
    return pixels
  }
}

@Suite struct FilmsTests {
  @Test func picturesOfTheCPUBecomeWhatTheNetworkTakes() {
    let camera = Camera(
      intrinsics: Intrinsics(width: 2, height: 1, horizontalFieldOfView: 1), pose: Pose())
    let image = Image(width: 2, height: 1, pixels: [0, 51, 255, 102, 204, 153])
    let film = Film(
      frame: Frame(image: image, camera: camera), depth: [1.5, 2.5], reflective: [0, 2])
    let films = Films([film, film])
    #expect(films.images.shape == [2, 3, 1, 2])
    let wanted: [Float] = [-1, -0.2, -0.6, 0.6, 1, 0.2]
    expectClose(films.images, Tensor(wanted + wanted, shape: [2, 3, 1, 2]), within: 1e-6)
    #expect(films.depth.floats == [1.5, 2.5, 1.5, 2.5])
    #expect(films.reflective.bytes == [0, 2, 0, 2])
  }

  @Test(.tags(.gpu), .enabled(if: Device.hasGPU, "no GPU here"))
  func theGPUFilmsWhatTheCPUFilms() throws {
    let gpu = try GPUFilm(on: .best)
    let takes = (0..<6).map { seed in
      let world = ProceduralWorld(seed: UInt64(seed))
      let lens = world.lens(width: 96, height: 64)
      return (world: world, cameras: world.walk(count: 3, intrinsics: lens, seed: 1))
    }
    let there = gpu.film(takes)
    let here = Films(takes.flatMap { t in t.cameras.map { t.world.film($0) } })
    let (a, b) = (there.pixels.bytes, here.pixels.bytes)
    let unlike = zip(a, b).count { abs(Int($0) - Int($1)) > 2 }
    #expect(Double(unlike) <= 0.001 * Double(a.count))
  }
}

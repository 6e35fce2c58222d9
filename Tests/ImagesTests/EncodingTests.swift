import Foundation
import Images
import Scene
import Testing

struct EncodingTests {
  @Test(arguments: 1...5, 1...5) func pngKeepsEveryPixelOfSmallImages(_ w: Int, _ h: Int) throws {
    let image = Image.noise(w, h, seed: UInt64(w * 10 + h))
    #expect(try Image(decoding: image.png(), name: "small") == image)
  }

  @Test func pngKeepsEveryPixelOfALargeImage() throws {
    let image = Image.noise(301, 203)
    #expect(try Image(decoding: image.png(), name: "large") == image)
  }

  @Test(arguments: [(1, 1), (3, 2), (17, 9), (160, 120)])
  func jpegComesClose(_ width: Int, _ height: Int) throws {
    let image = Image.waves(width, height)
    let decoded = try Image(decoding: image.jpeg(quality: 90), name: "jpeg")
    #expect((decoded.width, decoded.height) == (width, height))
    #expect(decoded.psnr(to: image) > 38)
  }

  @Test func lowerQualityIsSmallerAndWorse() throws {
    let image = Image.noise(64, 64).resized(width: 128, height: 128)
    let (low, high) = (image.jpeg(quality: 20), image.jpeg(quality: 90))
    #expect(low.count < high.count)
    let (worse, better) = (
      try Image(decoding: low, name: "low"), try Image(decoding: high, name: "high")
    )
    #expect(worse.psnr(to: image) < better.psnr(to: image))
    #expect(image.jpeg(quality: 1000) == image.jpeg(quality: 100))
    #expect(image.jpeg(quality: -3) == image.jpeg(quality: 1))
  }

  @Test func oneEncoderServesImagesOfAllSizes() {
    let encoder = JPEGEncoder(quality: 80)
    for size in [16, 200, 1, 64, 200] {
      let image = Image.noise(size, size + 3, seed: UInt64(size))
      #expect(encoder.encode(image) == image.jpeg(quality: 80))
    }
    let small = Image.noise(8, 8)
    encoder.quality = 40
    #expect(encoder.encode(small) { Array($0) } == small.jpeg(quality: 40))
  }

  @Test func writesWholeFilesOnly() throws {
    let folder = try TemporaryFolder()
    let image = Image.noise(9, 7)
    let path = folder.path + "/image.png"
    try Image.noise(2, 2).writePNG(to: path)
    try image.writePNG(to: path)
    #expect(try Image(contentsOf: path) == image)
    #expect(folder.files == ["image.png"])
  }

  @Test func aFailedWriteLeavesEverythingAsItWas() throws {
    let folder = try TemporaryFolder()
    // A folder of that name cannot be replaced by a file.
    let occupied = folder.path + "/occupied"
    try FileManager.default.createDirectory(
      atPath: occupied + "/inner", withIntermediateDirectories: true)
    #expect(throws: ImageError.self) { try Image.noise(2, 2).writePNG(to: occupied) }
    #expect(folder.files == ["occupied"])
    let nowhere = folder.path + "/none/image.png"
    #expect(
      throws: ImageError.unwritable(file: nowhere, reason: "No such file or directory")
    ) { try Image.noise(2, 2).writePNG(to: nowhere) }
  }
  /// A pipe stays a pipe, a link a link, and what nobody else may read is not shown to them.
  @Test func whatIsThereStaysWhatItIs() throws {
    let folder = try TemporaryFolder()
    let (pipe, file, link) = (
      folder.path + "/pipe", folder.path + "/file.png", folder.path + "/link.png"
    )
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(throws: ImageError.self) { try Image.noise(2, 2).writePNG(to: pipe) }
    var status = stat()
    #expect(stat(pipe, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)

    try Image.noise(2, 2).writePNG(to: file)
    #expect(chmod(file, 0o600) == 0 && symlink(file, link) == 0)
    let image = Image.noise(3, 2)
    try image.writePNG(to: link)
    #expect(lstat(link, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
    #expect(stat(file, &status) == 0 && status.st_mode & 0o777 == 0o600)
    #expect(try Image(contentsOf: file) == image)
  }

  /// Refused by its header: a picture of few pixels whose rows alone would fill the memory.
  @Test func aPictureThatIsTooHighIsRefused() throws {
    var png = Image.noise(1, 2).png()
    png.replaceSubrange(20..<24, with: [5, 0, 0, 0])
    #expect(throws: ImageError.tooLarge(file: "a", width: 1, height: 5 << 24)) {
      try Image(decoding: png, name: "a")
    }
  }
}

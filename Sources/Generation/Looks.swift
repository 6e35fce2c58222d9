import Images
import Memory
import Scene
import Torch

/// How a world's keyframes look, what is nearest at hand first: KV on the device, KV in the host's
/// memory, pixels, and last the pictures that all of these can be made from again.
///
/// Nothing depends on what happens to be at hand: a drawn picture is kept as it comes out of its
/// file, so KV made at once and KV made again after an hour are the same to the last bit.
struct Looks {
  /// Where the pixels of a keyframe that is not in the file come from.
  private enum Truth {
    case frame(Frame)
    case picture(ImageFile)
  }

  /// The size that frames are drawn and encoded at; nil: whatever size they come in.
  let size: (width: Int, height: Int)?
  private let file: WorldFile?
  /// Keyframes below this id are in the file.
  private var filed: Int
  private var kept: [Truth] = []
  private var kvs: RecencyCache<KV>
  private var hosted: RecencyCache<KV>
  private var frames: RecencyCache<Frame>
  /// The same of frames that are seen more finely, whose KV is kept tile by tile.
  private var fineFrames: RecencyCache<Frame>
  private var tileKVs: RecencyCache<KV>

  init(_ budgets: World.Budgets, file: WorldFile?, filed: Int, size: (Int, Int)?) {
    self.size = size
    self.file = file
    self.filed = filed
    func part(_ budget: Int) -> Int { Int(Double(budget) * budgets.fine) }
    kvs = RecencyCache(budget: budgets.kv - part(budgets.kv))
    hosted = RecencyCache(budget: budgets.hostKV)
    frames = RecencyCache(budget: budgets.pixels - part(budgets.pixels))
    fineFrames = RecencyCache(budget: part(budgets.pixels))
    tileKVs = RecencyCache(budget: part(budgets.kv))
  }

  // MARK: Coming in

  /// A given frame, which is kept as it is.
  mutating func add(_ frame: Frame) { kept.append(.frame(frame)) }

  /// A drawn frame; it is written to the file where there is one to write to.
  mutating func add(_ record: KeyframeRecord, writesTo file: WorldFile?) {
    if let file {
      file.add(record)
      filed = record.id + 1
    } else {
      kept.append(.picture(record.picture))
    }
  }

  // MARK: At hand

  func hasKV(_ id: Int) -> Bool { kvs.contains(id) }

  /// How many keyframes have their KV on the device.
  var countOfKV: Int { kvs.count }

  /// A keyframe's KV, from the nearest place that has it.
  ///
  /// - Throws: what keeps its picture from being read.
  mutating func kv(of id: Int, camera: Camera, by model: FrameModel) throws -> KV {
    if let kv = kvs[id] { return kv }
    let kv: KV
    if let host = hosted.remove(id) {
      kv = host.moved(to: model.device)
    } else {
      kv = model.encode(try frame(of: id, camera: camera))
    }
    for (key, old) in kvs.insert(kv, for: id, cost: kv.size) where hosted.budget > 0 {
      hosted.insert(old.moved(to: .cpu), for: key, cost: old.size)
    }
    return kv
  }

  /// A keyframe's pixels at the world's size, and the camera that goes with them.
  mutating func frame(of id: Int, camera: Camera) throws -> Frame {
    if let frame = frames[id] { return frame }
    let frame = try decoded(id, camera)
    if !isAtHand(id, camera) { frames.insert(frame, for: id, cost: frame.image.pixels.count) }
    return frame
  }

  /// The KV of one tile of a keyframe, whose camera sees more finely than the world's.
  ///
  /// - Throws: what keeps its picture from being read.
  mutating func kv(
    ofTile i: Int, in tiling: Tiling, of id: Int, camera: Camera, by model: FrameModel
  )
    throws -> KV
  {
    let key = id * tiling.count + i
    if let kv = tileKVs[key] { return kv }
    let frame = try fineFrame(of: id, camera: camera)
    let corner = tiling.corners[i]
    let tile = Frame(
      image: frame.image.cropped(
        x: corner.x, y: corner.y, width: tiling.tileWidth, height: tiling.tileHeight),
      camera: tiling.cameras(of: camera)[i])
    let kv = model.encode(tile)
    tileKVs.insert(kv, for: key, cost: kv.size)
    return kv
  }

  private mutating func fineFrame(of id: Int, camera: Camera) throws -> Frame {
    if let frame = fineFrames[id] { return frame }
    let frame = try decoded(id, camera)
    if !isAtHand(id, camera) { fineFrames.insert(frame, for: id, cost: frame.image.pixels.count) }
    return frame
  }

  /// Whether a keyframe was given at that size, so that nothing is gained by keeping it once more.
  private func isAtHand(_ id: Int, _ camera: Camera) -> Bool {
    guard id >= filed, case .frame(let frame) = kept[id - filed] else { return false }
    return frame.image.width == camera.intrinsics.width
      && frame.image.height == camera.intrinsics.height
  }

  private func decoded(_ id: Int, _ camera: Camera) throws -> Frame {
    let lens = camera.intrinsics
    guard id >= filed, case .frame(let frame) = kept[id - filed] else {
      let picture = try picture(of: id)
      return Frame(
        image: try picture.image(name: "keyframe \(id)", fittedTo: lens.width, lens.height),
        camera: camera)
    }
    var image = frame.image
    if (image.width, image.height) != (lens.width, lens.height) {
      image = image.fitted(width: lens.width, height: lens.height)
    }
    return Frame(image: image, camera: camera)
  }

  private func picture(of id: Int) throws -> ImageFile {
    if id >= filed, case .picture(let picture) = kept[id - filed] { return picture }
    return try file!.picture(of: id)
  }
}

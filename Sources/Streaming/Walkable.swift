public import Scene

/// A place that one viewer walks through: asked for one view at a time, never two at once.
///
///     struct Corridor: Walkable {
///       let up: SIMD3<Double> = [0, -1, 0]
///       func step(_ action: Action) async throws -> View { … }
///     }
public protocol Walkable: Sendable {
  /// The unit vector against gravity: the map is drawn as seen from there.
  var up: SIMD3<Double> { get }

  /// Does what the action says and draws what the viewer sees then.
  ///
  /// An error ends this viewer's walk; its description is what the page shows.
  func step(_ action: Action) async throws -> View
}

/// What a viewer gets for one action: a finished picture, and what the map and figures show.
public struct View: Sendable {
  /// The encoded picture, as it goes over the wire: a JPEG, or whatever browsers decode.
  public var jpeg: [UInt8]
  /// The camera that the picture shows; its intrinsics give the picture's size.
  public var camera: Camera {
    get { lens.camera }
    set { lens = Lens(newValue) }
  }
  /// Apart, since views travel through async functions (see `Action`).
  private var lens: Lens

  private final class Lens: Sendable {
    let camera: Camera

    init(_ camera: Camera) { self.camera = camera }
  }

  /// How many keyframes the world has.
  public var keyframes: Int
  /// Those that the map has not been told of yet; it never forgets one, so give each one once.
  public var newKeyframes: [Keyframe]
  /// The keyframes that this picture was drawn from.
  public var context: [Int]
  /// Where the time went.
  public var times: Times
  /// What is not as it should be while the walk goes on, such as why saving has stopped; empty where
  /// all is well. The page shows it until it changes.
  public var warning: String
  /// Whether a viewer who stands still would see something better yet: views are asked for until it
  /// is not.
  public var isUnfinished: Bool

  public init(
    jpeg: [UInt8], camera: Camera, keyframes: Int = 0, newKeyframes: [Keyframe] = [],
    context: [Int] = [], times: Times = Times(), warning: String = "", isUnfinished: Bool = false
  ) {
    self.jpeg = jpeg
    lens = Lens(camera)
    self.keyframes = keyframes
    self.newKeyframes = newKeyframes
    self.context = context
    self.times = times
    self.warning = warning
    self.isUnfinished = isUnfinished
  }

  /// A keyframe as the map knows it: a number and where it was taken.
  public struct Keyframe: Hashable, Sendable {
    public var id: Int
    public var pose: Pose

    public init(id: Int, pose: Pose) {
      self.id = id
      self.pose = pose
    }
  }

  /// Milliseconds that the stages of one view took.
  public struct Times: Hashable, Sendable {
    public var recall: Float
    public var gather: Float
    public var network: Float
    public var jpeg: Float

    public init(recall: Float = 0, gather: Float = 0, network: Float = 0, jpeg: Float = 0) {
      self.recall = recall
      self.gather = gather
      self.network = network
      self.jpeg = jpeg
    }
  }
}

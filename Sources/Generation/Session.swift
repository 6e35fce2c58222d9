public import Scene

/// One viewer's walk in a world: a camera that actions move, and what it sees.
///
///     let session = Session(in: world, at: start, gait: Gait(up: [0, 0, 1], speed: 1.4))
///     let view = await session.step(Action(move: [0, 0, 1]))
public actor Session {
  public nonisolated let gait: Gait
  public private(set) var camera: Camera
  private let world: World

  public init(in world: World, at camera: Camera, gait: Gait) {
    self.world = world
    self.camera = camera
    self.gait = gait
  }

  /// Moves as the action says and draws what is seen from there.
  public func step(_ action: Action) async -> World.Drawn {
    camera.move(by: action, gait: gait)
    return await world.draw(camera)
  }
}

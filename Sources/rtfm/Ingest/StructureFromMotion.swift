import Foundation

/// Where pictures were taken, found out from them alone by COLMAP (Schönberger and Frahm,
/// "Structure-from-Motion Revisited", CVPR 2016), as child processes on the CPU.
struct StructureFromMotion {
  let shots: Shots
  /// A folder of its own, for COLMAP's files.
  let folder: String
  private let colmap: Tool
  /// What options are called: from version 3.13 on `Feature...` what had been `Sift...`.
  private let prefix: String
  private let database: String

  /// - Throws: `IngestError` where COLMAP isn't installed.
  init(_ shots: Shots, in folder: String) throws {
    (self.shots, self.folder) = (shots, folder)
    colmap = try Tool("colmap", package: "colmap")
    database = "\(folder)/database.db"
    var prefix = "Sift"
    try colmap.run(["feature_extractor", "-h"]) {
      if $0.contains("--FeatureExtraction.use_gpu") { prefix = "Feature" }
    }
    self.prefix = prefix
  }

  /// Finds poses, and takes the lens's distortion out of the pictures.
  ///
  /// - Returns: a folder with `images` and a COLMAP model of pinholes in `sparse`.
  /// - Throws: `IngestError`
  func run() throws -> String {
    try findFeatures()
    try match()
    let model = try placed()
    let result = "\(folder)/pinholes"
    try colmap.run([
      "image_undistorter", "--image_path", shots.folder, "--input_path", model,
      "--output_path", result, "--output_type", "COLMAP",
    ])
    return result
  }

  private func findFeatures() throws {
    note("1/3 looking for features in \(shots.names.count) pictures")
    try colmap.run([
      "feature_extractor", "--database_path", database, "--image_path", shots.folder,
      "--ImageReader.camera_model", "SIMPLE_RADIAL",
      "--ImageReader.single_camera", shots.isOneLens ? "1" : "0",
      "--ImageReader.default_focal_length_factor", "\(shots.focal ?? Self.usualFocal)",
      "--\(prefix)Extraction.use_gpu", "0", "--SiftExtraction.max_num_features", "2500",
    ])
  }

  /// Of the main cameras of telephones, 26 to 30 mm on film of 36 mm: where nobody says.
  static let usualFocal = 0.8
  /// So many photos or fewer are all compared with each other; of more, and of a video's frames, each
  /// with those around it.
  private static let few = 80

  private func match() throws {
    let count = shots.names.count
    let common = [
      "--database_path", database, "--\(prefix)Matching.use_gpu", "0",
      "--\(prefix)Matching.guided_matching", "1",
    ]
    if !shots.isSequence, count <= Self.few {
      note("2/3 comparing them, \(count * (count - 1) / 2) pairs")
      try colmap.run(
        ["exhaustive_matcher", "--ExhaustiveMatching.block_size", "10"] + common, heard: progress)
    } else {
      let overlap = shots.isSequence ? 8 : 16
      note("2/3 comparing each with the \(overlap) before it, and some farther back")
      try colmap.run(
        ["sequential_matcher", "--SequentialMatching.overlap", "\(overlap)"] + common,
        heard: progress)
    }
  }

  /// Says how far it is, by lines such as `Matching block [1/3, 2/3] in 4.2s` and, of every tenth
  /// picture, `Matching image [20/100] in 0.9s`.
  private func progress(_ line: Substring) {
    guard let at = line.firstMatch(of: /(block|image) \[(\d+)(\/\d+(?:, \d+\/\d+)?)\]/) else {
      return
    }
    if at.1 == "block" || Int(at.2)! % 10 == 0 { note("    \(at.1) \(at.2)\(at.3)") }
  }

  /// The best of the models that two searches find: of those with about as many pictures as any, the one
  /// whose points fit best.
  private func placed() throws -> String {
    note("3/3 looking for where they were taken")
    var models: [Model] = []
    for (name, options) in [("usual", []), ("patient", Self.patience)] {
      let target = "\(folder)/\(name)"
      try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
      do {
        try colmap.run(
          ["mapper", "--database_path", database, "--image_path", shots.folder]
            + ["--output_path", target, "--Mapper.min_focal_length_ratio", "0.3"] + options)
      } catch  where !Tool.isEnded {
        // It fails where it finds nothing.
      }
      models += try FileManager.default.contentsOfDirectory(atPath: target)
        .compactMap { try? model(at: "\(target)/\($0)") }
    }
    let most = models.map(\.count).max() ?? 0
    guard most > 1 else {
      throw IngestError(
        "COLMAP can't tell where these pictures were taken; it needs sharp ones that overlap by more "
          + "than half, of a place with patterns on it, each a step to the side of the one before "
          + "(turning on the spot shows no depths)")
    }
    return models.filter { 20 * $0.count >= 19 * most }.min { $0.error < $1.error }!.path
  }

  /// For walks straight ahead, small steps and few features. The usual search may take such for a walk
  /// with a lens of quite another angle, to which points fit worse.
  private static let patience = [
    "--Mapper.init_max_forward_motion", "1", "--Mapper.init_min_tri_angle", "2",
    "--Mapper.init_min_num_inliers", "50", "--Mapper.abs_pose_min_num_inliers", "15",
    "--Mapper.filter_min_tri_angle", "0.5",
  ]

  private struct Model {
    let path: String
    /// Pictures whose poses it has.
    let count: Int
    /// The mean distance between points and where they were seen, in pixels.
    let error: Double
  }

  private func model(at path: String) throws -> Model {
    var (count, error) = (0, Double.infinity)
    try colmap.run(["model_analyzer", "--path", path]) { line in
      if let match = line.firstMatch(of: /Registered images: (\d+)/) { count = Int(match.1)! }
      if let match = line.firstMatch(of: /reprojection error: ([\d.]+)/) {
        error = Double(match.1)!
      }
    }
    return Model(path: path, count: count, error: error)
  }
}

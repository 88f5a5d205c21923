/** Loads data sets into the tensors that a model trains on. */
module modelc.data {
  requires static org.jspecify;
  requires transitive modelc.runtime;
  requires java.desktop; // ImageIO
  requires de.siegmar.fastcsv;

  exports modelc.data;
}

package dev.baton.harness.workload;

import java.util.List;

/** The vocabulary of prompts: {@value #COUNT} short English words, each with a space before it. */
public final class PromptWords {
  /** How many there are. */
  public static final int COUNT = 256;

  private static final List<String> WORDS =
      """
          able about above across act add after again air all also always among and animal
          answer any appear area arm art ask away back ball base bear beauty bed been before
          began behind best better big bird black blue boat body book both box boy bring
          brought build busy call came can car care carry case catch cause center change check
          city class clear close cold color come common complete contain cook cool copy
          correct cost count country course cover cross cry cut dark day deep develop differ
          direct do dog door down draw dream drive drop dry during each early earth ease east
          eat end enough even ever every example eye face fact fall family far farm fast
          father feel feet few field fight figure fill final find fine fire first fish five
          fly follow food foot for force form found four free friend from front full game gave
          get girl give glass go gold good got great green ground group grow had half hand
          happen hard has have head hear heart heat help her here high him hold home horse hot
          hour house how hundred idea inch island it job just keep kind king knew know land
          language large last late laugh lead learn leave left less let letter life light like
          line list listen little live long look lot love low machine made main make man many
          map mark may mean measure men might mile mind minute miss money moon more morning
          most mother mountain move much music must name near need never
      """
          .strip().transform(text -> List.of(text.split("\\s+"))).stream()
              .map(word -> " " + word)
              .toList();

  private PromptWords() {}

  /** The word of this number, 0 to 255. */
  public static String word(int number) {
    return WORDS.get(number);
  }
}

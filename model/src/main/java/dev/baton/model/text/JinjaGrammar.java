package dev.baton.model.text;

import com.hubspot.jinjava.el.ExtendedSyntaxBuilder;
import com.hubspot.jinjava.el.ext.AstNamedParameter;
import com.hubspot.jinjava.el.ext.ExtendedParser;
import com.hubspot.jinjava.el.ext.NamedParameterOperator;
import java.util.ArrayList;
import java.util.List;
import jinjava.de.odysseus.el.tree.impl.Parser;
import jinjava.de.odysseus.el.tree.impl.Scanner;
import jinjava.de.odysseus.el.tree.impl.Scanner.ScanException;
import jinjava.de.odysseus.el.tree.impl.Scanner.Symbol;
import jinjava.de.odysseus.el.tree.impl.ast.AstBinary;
import jinjava.de.odysseus.el.tree.impl.ast.AstNode;
import jinjava.de.odysseus.el.tree.impl.ast.AstParameters;
import jinjava.de.odysseus.el.tree.impl.ast.AstUnary;

/**
 * Expressions with Python's precedence where jinjava has another: {@code not} binds weaker than
 * comparisons, filters and tests ({@code not x is defined}, {@code not xs|length == 1}); a named
 * argument's value is a whole expression ({@code namespace(last=xs|length - 1)}).
 */
final class JinjaGrammar extends ExtendedParser {
  private JinjaGrammar(Syntax syntax, String input) {
    super(syntax, input);
  }

  /** Makes the parsers. */
  static final class Syntax extends ExtendedSyntaxBuilder {
    private static final long serialVersionUID = 1L;

    Syntax() {
      super(Feature.METHOD_INVOCATIONS);
    }

    @Override
    protected Parser createParser(String expression) {
      return new JinjaGrammar(this, expression);
    }
  }

  @Override
  protected AstNode and(boolean required) throws ScanException, ParseException {
    AstNode left = not(required);
    while (left != null && getToken().getSymbol() == Symbol.AND) {
      consumeToken();
      left = createAstBinary(left, not(true), AstBinary.AND);
    }
    return left;
  }

  private AstNode not(boolean required) throws ScanException, ParseException {
    if (getToken().getSymbol() != Symbol.NOT) {
      return eq(required);
    }
    consumeToken();
    return createAstUnary(not(true), AstUnary.NOT);
  }

  @Override
  protected AstParameters params(Symbol left, Symbol right) throws ScanException, ParseException {
    consumeToken(left);
    List<AstNode> arguments = new ArrayList<>();
    while (getToken().getSymbol() != right) {
      arguments.add(argument());
      if (getToken().getSymbol() != Symbol.COMMA) {
        break;
      }
      consumeToken();
    }
    consumeToken(right);
    return createAstParameters(arguments);
  }

  private AstNode argument() throws ScanException, ParseException {
    Scanner.Token name = getToken();
    if (name.getSymbol() != Symbol.IDENTIFIER
        || !lookahead(0).equals(NamedParameterOperator.TOKEN)) {
      return expr(true);
    }
    consumeToken();
    consumeToken();
    return new AstNamedParameter(identifier(name.getImage()), expr(true));
  }
}
